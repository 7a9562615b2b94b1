"""RE112: the value that a layer masks also stands at real steps."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Looked
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.auditing.values import (
    Call,
    answering,
    blank_steps,
    by_hand,
    given_in,
    maskers,
    masks_seen,
    moved,
    replaced,
    run,
)
from helpers.keras_private import layers_of

RULE = Rule(
    code="RE112",
    name="padding-is-data",
    severity="error",
    title="Real steps hold the value that a layer masks",
    does=(
        "Looks for the value of `Masking` or `mask_zero` at steps that are real: those within "
        "`lengths=`, or those with real steps before and behind them. Then runs the model with "
        "these steps masked and not masked, and compares."
    ),
    why=(
        "A layer cannot tell a step that was filled in from one that was measured. It skips both, "
        "in training and in `predict`, and nothing is raised."
    ),
    fix=(
        "Pad with a value that the data never has, and give it to Masking; number ids from 1, with "
        "input_dim one larger."
    ),
    chapter="masking-deeper#data-that-looks-like-padding",
)


def check(subject: Subject) -> Iterator[Found]:
    """Look for the masked value at real steps, and measure what masking them changes."""
    values = {id(layer): value for layer, value in maskers(subject)}
    calls = masks_seen(subject) if values else []
    if not values:
        calls, values = _by_hand(subject)
    if not calls:
        raise NothingToCheck("no layer of the model masks a value")
    found, unsure = [], []
    seen: set[int] = set()
    for call in calls:
        if id(call.layer) in seen or call.given.ndim < 2:
            continue
        value, wrong = values[id(call.layer)], None
        for batch, given in given_in(subject, call):
            blank = blank_steps(given, value)
            hidden, known = _real(subject, batch, call.place, blank)
            if not hidden.any() or (wrong and wrong[1].sum() >= hidden.sum()):
                continue
            wrong = (batch, hidden)
            doubt = "" if known else _doubt(given, blank, hidden, value)
        if not wrong:
            continue
        seen.add(id(call.layer))
        batch, hidden = wrong
        apart = _effect(subject, call, batch, hidden)
        if apart <= 1e-6:
            continue
        row, step = np.argwhere(hidden)[0]
        where = f"batch {batch.index}, row {row}, step {step}"
        if doubt:
            unsure.append(f"{where} holds {value:g}, which is masked; {doubt}")
            continue
        effect = f"answers move by {apart:.2g}" if np.isfinite(apart) else "the loss skips them"
        found.append(
            Found(
                f"{call.layer.name} {_words(call)} {value:g}, which also stands at real steps",
                f"layer {call.layer.name}, {where}",
                f"{hidden.sum()} real steps in {hidden.any(axis=1).sum()} of {len(hidden)} rows "
                f"hold {value:g} and are masked; {effect} when they are not",
            )
        )
    if unsure and not found:
        raise Undecided(f"{unsure[0]}; give lengths=")
    yield from found


def _by_hand(subject: Subject) -> tuple[list[Call], dict[int, Any]]:
    """Return masks that are made by comparing an input with a value."""
    calls, values = [], {}
    for call, mask in by_hand(subject):
        hidden = np.unique(call.given[~mask])
        at_an_end = not mask[:, [0, -1]].all()  # or it may be no padding
        if (
            at_an_end
            and len(hidden) == 1
            and np.array_equal(blank_steps(call.given, hidden[0]), ~mask)
        ):
            calls.append(call)
            values[id(call.layer)] = hidden[0].item()
    return calls, values


def _words(call: Call) -> str:
    known = isinstance(call.layer, keras.layers.Masking | keras.layers.Embedding)
    return "masks" if known else "is given a mask without"


def _real(
    subject: Subject, batch: Looked, place: int | None, blank: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Return which blank steps are real, and whether the lengths were given."""
    steps = np.arange(blank.shape[1])[None, :]
    if subject.given["lengths"] is not None and place is not None:
        for one in subject.padding_of(batch):
            if one.place == place and one.lengths.max(initial=0) <= blank.shape[1]:
                start = blank.shape[1] - one.lengths[:, None] if one.side == "pre" else 0
                return blank & (steps >= start) & (steps < start + one.lengths[:, None]), True
    before = np.cumsum(~blank, axis=1) > 0
    behind = np.cumsum(~blank[:, ::-1], axis=1)[:, ::-1] > 0
    return blank & before & behind, False


def _doubt(given: np.ndarray, blank: np.ndarray, hidden: np.ndarray, value: Any) -> str:
    """Say why steps between real ones may be blank on purpose, or ``""`` if they are data."""
    if _in_columns(hidden):
        return "each row may be several padded parts"
    others = given[~blank]
    if given.ndim == 2 and given.dtype.kind in "iu":
        return ""
    if given.ndim == 2 or others.shape[-1] == 1:
        return "" if _on_the_grid(others, value) else "the step may be missing"
    if given.ndim > 3:
        return "the step may be missing"
    if ((others != value).sum(axis=1) == 1).all():
        return "a step of one-hot vectors may have no class"
    share = np.mean(others == value, axis=0)
    expected = np.prod(share) * len(others)  # steps that would be blank by chance
    return "" if 10 * expected >= hidden.sum() else "the step may be missing"


def _in_columns(hidden: np.ndarray) -> bool:
    """Whether the blank runs begin or end at a few columns, as padding of parts does."""
    edge = np.diff(np.pad(hidden.astype("int8"), ((0, 0), (1, 1))), axis=1)
    starts, ends = np.nonzero(edge == 1)[1], np.nonzero(edge == -1)[1]
    few = max(1, hidden.shape[1] // 4)
    columns = min(len(set(starts.tolist())), len(set(ends.tolist())))
    return len(starts) >= 2 * columns and columns <= few and bool((ends - starts).max() > 1)


def _on_the_grid(others: np.ndarray, value: Any) -> bool:
    """Whether numbers are rounded, so that a value between or beside them is one of them."""
    known, counts = np.unique(others, return_counts=True)
    if len(known) < 3 or len(known) * 2 > counts.sum() or not np.isfinite(known).all():
        return False
    step = np.diff(known).min()
    near = np.abs(known - value)
    on_grid = np.isclose(near / step, np.round(near / step), atol=1e-2).all()
    inside = known[0] < value < known[-1] or (value == 0 and near.min() <= 1.5 * step)
    return bool(on_grid and inside)


def _effect(subject: Subject, call: Call, batch: Looked, hidden: np.ndarray) -> float:
    """Return how far the answers move when the hidden steps are not masked.

    The model is given another value there, so that it masks nothing, and the layer the old one.
    """
    if call.place is None:
        return np.inf
    given = keras.tree.flatten(batch.x)[call.place]
    if given.ndim > 2:
        other = given.astype("float32" if given.dtype.kind in "iub" else given.dtype)
        other[hidden] = other[hidden] * 1.01 + 1e-6
    else:
        other = given.copy()
        other[hidden] = given[~hidden & (given != given[hidden][0])][0]
    layers = layers_of(subject.model) if given.ndim == 2 else []
    embeddings = [layer for layer in layers if isinstance(layer, keras.layers.Embedding)]

    def answer(layer: keras.Layer, look_up: Callable, ids: Any, *args: Any, **kwargs: Any) -> Any:
        if tuple(ids.shape) == hidden.shape:
            before = keras.ops.full_like(ids, int(given[hidden][0]))
            ids = keras.ops.where(hidden, before, ids)
        return look_up(ids, *args, **kwargs)

    masked = run(subject, batch)
    with answering(embeddings, answer):
        return moved(masked, run(subject, replaced(batch, call.place, other)))


def _model(ids: int) -> keras.Model:
    layers = [keras.layers.Embedding(ids, 4, mask_zero=True), keras.layers.LSTM(3)]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    model.compile("sgd", "mse")
    return model


_WORDS = [["a", "cat", "is", "a", "cat"], ["the", "dog"], ["a", "dog", "is"]]


def _padded(numbers: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    rows = [[numbers[word] for word in row] for row in _WORDS]
    return keras.utils.pad_sequences(rows, padding="post"), np.ones((3, 3), "float32")


def broken() -> dict:
    """Number the words from 0, and pad with 0."""
    numbers = {"cat": 0, "dog": 1, "a": 2, "is": 3, "the": 4}
    return {"model": _model(5), "data": _padded(numbers)}


def mended() -> dict:
    """Number the words from 1."""
    numbers = {"cat": 1, "dog": 2, "a": 3, "is": 4, "the": 5}
    return {"model": _model(6), "data": _padded(numbers)}
