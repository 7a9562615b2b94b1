"""RE208: a row that is all padding."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Looked
from helpers.auditing.padded import has_time
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.scores import differ, loss_of, need_loss, scored
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.auditing.values import run

RULE = Rule(
    code="RE208",
    name="empty-row",
    severity="error",
    title="A row is all padding, and has an answer",
    does=(
        "Calls the model with the rows of a batch that hold nothing but padding and with the "
        "others, and looks for NaN in the answers and in the loss. Then moves the answers to the "
        "empty rows, to see whether the loss counts them."
    ),
    why=(
        "A mean over no step is 0 divided by 0. One such row makes one answer NaN, and after one "
        "step of training all weights are. A layer that answers a number answers the same for "
        "every empty row, and learns from their targets."
    ),
    fix="Take rows without a step out before you pad, or give them the sample weight 0.",
    chapter="masking-deeper#a-row-that-is-all-padding",
)

_ROWS = 8  # empty ones and others that go through the model


def check(subject: Subject) -> Iterator[Found]:
    """Look for empty rows in each feed, and give them to the model."""
    found, unsure = [], ""
    any_empty = False
    for name, feed in subject.feeds.items():
        for batch in subject.read(feed):
            empty, sure = _empty(subject, batch)
            if not empty.any():
                continue
            any_empty = any_empty or sure
            try:
                words = _nan(subject, batch, empty)
                if not words and name == "data" and sure:
                    words = _counted(subject, batch, empty)
            except Undecided as reason:
                unsure = unsure or str(reason)
                continue
            if words:
                where = f"{name}, batch {batch.index}, row {np.argmax(empty)}"
                found.append(Found(words[0], where, f"{empty.sum()} of {len(empty)} {words[1]}"))
                break
    if unsure and not found:
        raise Undecided(unsure)
    if not any_empty and not found:
        raise NothingToCheck("no row is all padding")
    yield from found


def _empty(subject: Subject, batch: Looked) -> tuple[np.ndarray, bool]:
    """Return which rows have an input that is nothing but padding, and whether that is sure."""
    sure = np.zeros(batch.rows or 0, bool)
    maybe = sure.copy()
    for one in subject.padding_of(batch):
        known = subject.given["lengths"] is not None or one.value in subject.marks
        if one.lengths.shape == sure.shape and one.lengths.any():
            sure |= (one.lengths == 0) & known
            maybe |= one.lengths == 0
    for leaf in keras.tree.flatten(batch.x):
        if has_time(leaf) and leaf.size and len(leaf) == len(sure):
            blank = (leaf == 0).reshape(len(leaf), -1).all(axis=1)
            maybe |= blank & ~blank.all()
    return (sure, True) if sure.any() else (maybe, False)


def _nan(subject: Subject, batch: Looked, empty: np.ndarray) -> tuple[str, str] | None:
    """Say so if answers are NaN with the empty rows, and not without them."""
    some = np.sort(np.r_[np.flatnonzero(empty)[:_ROWS], np.flatnonzero(~empty)[:_ROWS]])
    with_them, without = _rows(batch, some), _rows(batch, some[~empty[some]])
    answers = [answer for answer, _ in run(subject, with_them) if _is_float(answer)]
    if not any(np.isnan(answer).any() for answer in answers):
        return None
    if any(np.isnan(answer).any() for answer, _ in run(subject, without) if _is_float(answer)):
        return None  # for another reason
    wrong = [
        np.isnan(one).reshape(len(some), -1).any(1) for one in answers if len(one) == len(some)
    ]
    count = int(np.any(wrong, axis=0).sum()) if wrong else len(some)
    return (
        "a row is all padding, and its answer is NaN",
        f"rows are empty; {count} answers to {len(some)} rows are NaN, none without the empty rows",
    )


def _counted(subject: Subject, batch: Looked, empty: np.ndarray) -> tuple[str, str] | None:
    """Say so if the loss is NaN for the empty rows, or depends on what is answered to them."""
    if batch.y is None or len(keras.tree.flatten(batch.x)) != len(subject.padding_of(batch)):
        return None  # what is no sequence also says something about the row
    try:
        need_loss(subject)
    except NothingToCheck:
        return None
    some = np.sort(np.r_[np.flatnonzero(empty)[:_ROWS], np.flatnonzero(~empty)[:_ROWS]])
    part = Subject(subject.model, subject.feeds, subject.fit, subject.rows, subject.given)
    vars(part)["batch"] = _rows(batch, some)
    rows = scored(part)
    before = loss_of(part, rows)
    if (
        np.isnan(before).any()
        and not np.isnan(loss_of(part, rows.take(np.flatnonzero(~empty[some])))).any()
    ):
        return "a row is all padding, and the loss is NaN", "rows are empty; without them it is not"
    for place, answer in enumerate(rows.answers):
        other = answer.astype("float64")
        other[empty[some]] = other[empty[some]] * 0.5 + 0.25
        after = loss_of(part, rows.answered(place, other))
        if differ(before, after, 1e-4):
            return (
                "a row is all padding; the model answers the same to every such row, and the loss "
                "counts it",
                f"rows are empty; the loss goes from {np.mean(before):.3g} to {np.mean(after):.3g} "
                "when their answers are others",
            )
    return None


def _rows(batch: Looked, rows: np.ndarray) -> Looked:
    """Return some rows of a batch."""

    def cut(leaf: Any) -> Any:
        known = isinstance(leaf, np.ndarray) and leaf.ndim and len(leaf) == batch.rows
        return leaf[rows] if known else leaf

    parts = [batch.x, batch.y, batch.weight]
    cuts = [None if part is None else keras.tree.map_structure(cut, part) for part in parts]
    return Looked(batch.index, *cuts)


def _is_float(answer: Any) -> bool:
    return answer is not None and answer.dtype.kind == "f"


def _model() -> keras.Model:
    layers = [keras.layers.Masking(), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 2)), *layers])
    model.compile("sgd", "mse")
    return model


def _batch(lengths: list[int]) -> tuple[np.ndarray, np.ndarray]:
    rows = [np.ones((length, 2), "float32") for length in lengths if length]
    rows += [np.zeros((0, 2), "float32")] * lengths.count(0)
    x = keras.utils.pad_sequences(rows, dtype="float32", padding="post")
    return x, np.ones((len(rows), 1), "float32")


def broken() -> dict:
    """Pad a row without a step to four steps of 0."""
    return {"model": _model(), "data": _batch([4, 2, 3, 0])}


def mended() -> dict:
    """Leave it out."""
    return {"model": _model(), "data": _batch([4, 2, 3])}
