"""RE305: one weight for a row meets a loss that has a number for each step."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.scores import Scored, loss_of, need_loss, scored
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE305",
    name="row-weights-per-step",
    severity="error",
    title="Weights of rows, or of classes, meet a loss for each step",
    does=(
        "Calls the compiled loss with one weight for a row, as it is given or as `class_weight` "
        "makes it, and with the same weights and an axis for the steps."
    ),
    why=(
        "Weights `(rows,)` broadcast along the last axis of a loss `(rows, steps)`: they raise, or "
        "fall on the steps in silence where there are as many steps as rows. `class_weight` makes "
        "such weights, of targets for each step too, or raises."
    ),
    fix="Give sample_weight of the shape (rows, 1), or (rows, steps) for weights of classes.",
    chapter="masking#metrics-and-weights-for-each-step",
)
_MOST = 128  # rows that are called with the weights as they are


def check(subject: Subject) -> Iterator[Found]:
    """Try weights for rows with the loss, if rows or classes have some."""
    classes = subject.fit.get("class_weight")
    batch = subject.batch
    leaves = [] if batch.weight is None else keras.tree.flatten_with_path(batch.weight)
    plain = [(path, leaf) for path, leaf in leaves if np.ndim(leaf) == 1 and len(leaf) > 1]
    if not classes and not plain:
        raise NothingToCheck("no weights of rows or classes are given")
    need_loss(subject)
    rows = _some(scored(subject))
    if _loss(subject, rows, None) is None:
        raise Undecided("the loss raises without weights too")
    found: list[Found] = []
    unknown: list[Undecided] = []
    for path, leaf in plain:
        try:
            shape = _shape_for_rows(subject, rows, path)
        except Undecided as reason:  # weights of another output may be wrong
            unknown.append(reason)
            continue
        if shape:
            found.append(_of_rows(subject, path, np.asarray(leaf), shape))
    if classes and not leaves and not found:
        if not isinstance(batch.y, np.ndarray):
            raise Undecided("class_weight is given with targets for several outputs")
        shape = _shape_for_rows(subject, rows, ())
        if shape and batch.rows != 1:
            found.append(
                Found(
                    "class_weight gives each row one weight, and the loss has one number a step",
                    "fit, class_weight",
                    f"targets {batch.y.shape}; weights ({rows.rows},) for {rows.rows} rows raise, "
                    f"{shape} do not",
                    "Give sample_weight of the shape of the targets, with the weight of each class "
                    "where it stands.",
                )
            )
    if unknown and not found:
        raise unknown[0]
    yield from found


def _some(rows: Scored) -> Scored:
    """Return rows of a number that no other axis has, so that axes cannot be mistaken."""
    arrays = [*rows.answers, *keras.tree.flatten(rows.y)]
    taken = {size for array in arrays for size in np.shape(array)[1:]}
    count = next(n for n in range(2, 99) if n not in taken)
    return rows.take(np.arange(count) % rows.rows)


def _loss(subject: Subject, rows: Scored, weight: Any) -> float | None:
    try:
        return float(loss_of(subject, replace(rows, weight=weight)))
    except (Undecided, TypeError):  # it raises, or is no single number
        return None


def _with(weight: Any, path: tuple, new: np.ndarray) -> Any:
    """Put weights into their structure, in the place of others."""
    if not path:
        return new
    flat = [new if one == path else leaf for one, leaf in keras.tree.flatten_with_path(weight)]
    return keras.tree.pack_sequence_as(weight, flat)


def _shape_for_rows(subject: Subject, rows: Scored, path: tuple) -> tuple | None:
    """Return the shape in which weights of rows fit, where ``(rows,)`` does not; else None."""
    n = rows.rows
    weights = np.linspace(1, 2, n, dtype="float32")
    if _loss(subject, rows, _with(rows.weight, path, weights)) is not None:
        return None
    for axes in range(1, 4):
        shape = (n,) + (1,) * axes
        if _loss(subject, rows, _with(rows.weight, path, weights.reshape(shape))) is not None:
            return shape
    raise Undecided("the loss raises with one weight for each row, in any shape")


def _of_rows(subject: Subject, path: tuple, weights: np.ndarray, shape: tuple) -> Found:
    n, name = len(weights), "weight" + "".join(f"[{key!r}]" for key in path)
    where = f"data, batch {subject.batch.index}, {name}"
    fix = f"Give sample_weight of the shape {('rows', *shape[1:])}.".replace("'", "")
    steps = f"{name} has one number for each of {n} rows, and the loss one for each step"
    whole = scored(subject)
    if n <= _MOST:
        rows = whole.take(np.arange(n) % whole.rows)
        got = _loss(subject, rows, _with(rows.weight, path, weights))
        right = weights.reshape(n, *shape[1:])
        wanted = _loss(subject, rows, _with(rows.weight, path, right))
        if got is not None and wanted is not None:
            measured = f"loss {got:.4g}; with weights {right.shape} {wanted:.4g}"
            return Found(f"{steps}: they fall on the steps in silence", where, measured, fix)
    known = f"weights ({n},) raise; with ({shape[0]}, 1) in place of ({shape[0]},) they do not"
    return Found(f"{steps}: the loss raises", where, known, fix)


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((6, 2)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def _rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 6, 2)), rng.normal(size=(6, 6, 1)), np.arange(1.0, 7)


def broken() -> dict:
    """Weigh six rows of six steps: the weights fall on the steps."""
    x, y, weights = _rows()
    return {"model": _model(), "data": (x, y, weights)}


def mended() -> dict:
    """Give the weights an axis for the steps."""
    x, y, weights = _rows()
    return {"model": _model(), "data": (x, y, weights[:, None])}
