"""RE114: ids that an Embedding has no row for, or that are no whole numbers."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Looked
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.auditing.values import Call, answering, moved, run, watched
from helpers.keras_private import layers_of

RULE = Rule(
    code="RE114",
    name="wrong-integers",
    severity="error",
    title="An id is too large, negative, or no whole number",
    does=(
        "Compares the ids that each `Embedding` is given with its `input_dim`, in every batch that "
        "was looked at, and with the numbers of the data before Keras has cast them."
    ),
    why=(
        "An id of `input_dim` or more raises on TensorFlow and PyTorch, gives NaN on JAX, and "
        "passes unseen in code that XLA has compiled. An id of -1 reads the last row of the "
        "table, 0.9 the first, and 16777217 as float32 is 16777216: nothing is raised."
    ),
    fix=(
        "Give whole numbers from 0 to input_dim - 1, as int32, and make input_dim the largest id "
        "of all data plus 1."
    ),
    chapter="masking#where-it-is-born",
)

_KNOWN = ("keras", "keras_hub", "keras_nlp")  # whose `call` looks up what it is given


def check(subject: Subject) -> Iterator[Found]:
    """Look at the ids of each Embedding, as they are given and as they were in the data."""
    tables = [one for one in layers_of(subject.model) if isinstance(one, keras.layers.Embedding)]
    if not tables:
        raise NothingToCheck("the model has no Embedding")
    tables = [one for one in tables if type(one).call.__module__.split(".")[0] in _KNOWN]
    calls = _calls(subject, tables, subject.batch)
    if not calls:
        raise Undecided("no Embedding was called with numbers that could be looked at")
    found: dict[tuple, Found] = {}
    for place, call in {(id(one.layer), one.place): one for one in calls}.items():
        for name, feed in subject.feeds.items():
            if place[1] is None or feed.kind == "generator":
                continue
            for batch in feed.looked:
                leaves = keras.tree.flatten(batch.x)
                leaf = leaves[call.place] if call.place < len(leaves) else None
                if isinstance(leaf, np.ndarray) and leaf.ndim == call.given.ndim:
                    _note(found, subject, call, leaf, name, batch)
    computed = [one.layer for one in calls if one.place is None]
    for name, batch in _longest(subject) if computed else ():
        for call in _calls(subject, computed, batch):
            if call.place is None:
                _note(found, subject, call, call.given, name, batch)
    yield from found.values()


def _calls(subject: Subject, tables: list[keras.Layer], batch: Looked) -> list[Call]:
    return [call for call in watched(subject, tables, batch, answer=_within) if call.alone]


def _within(layer: keras.Layer, look_up: Callable, ids: Any, *args: Any, **kwargs: Any) -> Any:
    """Answer with a row of the table for every id, so that the model runs on."""
    if not args and not any(kwargs.values()):
        ids = keras.ops.clip(keras.ops.cast(ids, "int32"), 0, layer.input_dim - 1)
    return look_up(ids, *args, **kwargs)


def _longest(subject: Subject) -> list[tuple[str, Looked]]:
    """Return the batch to look at, and of each feed the one with the longest inputs if longer."""

    def steps(batch: Looked) -> int:
        shapes = [np.shape(leaf) for leaf in keras.tree.flatten(batch.x)]
        return max((shape[1] for shape in shapes if len(shape) > 1), default=0)

    found = [("data", subject.batch)]
    for name, feed in subject.feeds.items():
        if feed.kind != "generator" and feed.looked:
            longest = max(feed.looked, key=steps)
            if steps(longest) > steps(subject.batch):
                found.append((name, longest))
    return found


def _note(
    found: dict, subject: Subject, call: Call, ids: np.ndarray, name: str, batch: Looked
) -> None:
    """Add what is wrong with some ids, once for each table, kind and feed."""
    layer = call.layer
    if ids.dtype.kind not in "iuf" or not ids.size:
        return
    with np.errstate(invalid="ignore"):
        seen = ids if call.place is None else ids.astype(call.given.dtype)
        read = seen if seen.dtype.kind in "iu" else seen.astype("float64")
    if call.place is not None and _cut_on_purpose(subject, call, ids):
        ids = seen
    whole = np.isfinite(ids) & (ids == np.trunc(ids))
    kinds = {
        "are no whole numbers": ~whole,
        "are changed by the cast": whole & (read != ids),
        "are too large": whole & (ids >= layer.input_dim),
        "are negative": whole & (ids < 0),
    }
    for kind, wrong in kinds.items():
        key = (id(layer), kind, name)
        if not wrong.any() or key in found:
            continue
        if kind == "are negative" and not _matters(subject, call, batch, wrong):
            continue
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        found[key] = Found(
            f"ids of {layer.name} {kind}: {ids[place]!s}, "
            f"{_what(kind, ids[place], read[place], layer.input_dim)}",
            f"{name}, batch {batch.index}, index {place}, layer {layer.name}",
            f"{wrong.sum()} of {wrong.size} ids; smallest {np.nanmin(ids)!s}, largest "
            f"{np.nanmax(ids)!s}, {seen.dtype} in the layer, input_dim {layer.input_dim}",
        )


def _cut_on_purpose(subject: Subject, call: Call, ids: np.ndarray) -> bool:
    """Whether the model itself makes integers of an input that it takes as floats."""
    if ids.dtype.kind != "f" or call.given.dtype.kind not in "iu":
        return False
    inputs = getattr(subject.model, "inputs", None) or []
    if len(inputs) <= call.place:
        return True
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(inputs[call.place].dtype))


def _what(kind: str, first: Any, read: Any, size: int) -> str:
    if kind == "are too large":
        return f"and the table has rows 0 to {size - 1}"
    if kind == "are negative":
        return f"which reads row {size + int(first)}" if first >= -size else "which is no row"
    if kind == "are changed by the cast":
        return f"which becomes {read:.0f}"
    return "which the layer cuts to a whole number" if np.isfinite(first) else "which is no number"


def _matters(subject: Subject, call: Call, batch: Looked, wrong: np.ndarray) -> bool:
    """Whether what is read at some ids reaches the answers at other steps or for the rows."""
    noise = np.random.default_rng(0)

    def answer(layer: keras.Layer, look_up: Callable, ids: Any, *args: Any, **kwargs: Any) -> Any:
        rows = _within(layer, look_up, ids, *args, **kwargs)
        if tuple(ids.shape) != wrong.shape:
            return rows
        other = noise.normal(0, 1, tuple(rows.shape)).astype("float32")
        return keras.ops.where(wrong[..., None], keras.ops.cast(other, rows.dtype), rows)

    answers = []
    for _ in range(2):
        with answering([call.layer], answer):
            outputs = run(subject, batch)
        steps = [out is not None and out.shape[: wrong.ndim] == wrong.shape for out, _ in outputs]
        answers.append(
            [
                (out[~wrong] if per_step else out, None)
                for (out, _), per_step in zip(outputs, steps, strict=True)
            ]
        )
    return moved(*answers) > 1e-6


def _model(words: int) -> keras.Model:
    layers = [keras.layers.Embedding(words, 4), keras.layers.LSTM(3)]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    model.compile("sgd", "mse")
    return model


def _rows() -> tuple[np.ndarray, np.ndarray]:
    return np.array([[1, 3, 2, 5], [2, 4, 4, 1], [6, 1, 3, 3]]), np.ones((3, 3), "float32")


def broken() -> dict:
    """Make as many rows as there are words, which are numbered from 1."""
    return {"model": _model(6), "data": _rows()}


def mended() -> dict:
    """Make one row more."""
    return {"model": _model(7), "data": _rows()}
