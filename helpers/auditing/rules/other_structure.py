"""RE107: batches differ in structure, in dtypes, or in whether they hold weights."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule
from helpers.auditing.structure import arrays_of, in_each_feed, is_empty
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE107",
    name="other-structure",
    severity="error",
    title="Batches differ in structure or in dtype",
    does=(
        "Compares the parts of every batch (inputs, targets, weights), their keys, their number of "
        "axes and their dtypes with those of the first batch."
    ),
    why=(
        "On TensorFlow a batch with other parts, keys or axes raises far from its cause, and a "
        "batch of another dtype is cast to that of the first without a word: 0.7 becomes 0. On JAX "
        "and PyTorch missing keys raise, and weights that are there now and then count now and "
        "then."
    ),
    fix="Make every batch of the same parts and dtypes; weights of 1 where there are none.",
    chapter="variable-batches#what-fit-takes",
)

_KINDS = ("PyDataset", "factory", "DataLoader", "generator")
_ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


def check(subject: Subject) -> list[Found]:
    """Compare each batch of each feed in Python with its first one."""
    if not any(feed.kind in _KINDS for feed in subject.feeds.values()):
        raise NothingToCheck("arrays and tf.data have one structure")
    return in_each_feed(subject, _other, _KINDS)


def _other(feed: Feed) -> Iterator[Found]:
    filled = [batch for batch in feed.looked if not is_empty(batch)]
    for batch in filled[1:]:
        before, now = arrays_of(filled[0]), arrays_of(batch)
        found = [
            (place, *words)
            for place in sorted({*before, *now})
            if (words := _differs(before.get(place), now.get(place)))
        ]
        if _ON_TENSORFLOW and not found:
            pairs = [(filled[0].x, batch.x), (filled[0].y, batch.y)]
            found = [(name, *_kinds(*p)) for name, p in zip("xy", pairs, strict=True) if _kinds(*p)]
        if found:
            place, first, other = found[0]
            yield Found(
                f"batch {batch.index} of {feed.name} has {other} for {place}, the first batch "
                f"{first}",
                f"{feed.name}, batch {batch.index}, {place}",
                "; ".join(f"{place}: {first} before, {other} now" for place, first, other in found),
            )
            return


def _differs(before: Any, now: Any) -> tuple[str, str] | None:
    """Return what the two are called, if they are not of one kind."""
    if before is None or now is None:
        return _said(before), _said(now)
    if not (isinstance(before, np.ndarray) and isinstance(now, np.ndarray)):
        same = type(before) is type(now)
        return None if same else (type(before).__name__, type(now).__name__)
    if before.ndim != now.ndim and (_ON_TENSORFLOW or _axes(before) != _axes(now)):
        return f"an array of {before.ndim} axes", f"one of {now.ndim}"
    kinds = _kind(before), _kind(now)
    if "object" in kinds:  # `no-number` is about these
        return None
    if kinds[0] != kinds[1]:
        return str(before.dtype), str(now.dtype)
    if _ON_TENSORFLOW and kinds[0] != "text" and (lost := _lost(now, before.dtype)):
        return str(before.dtype), f"{now.dtype} with {lost}"
    return None


def _said(array: Any) -> str:
    return "nothing" if array is None else str(getattr(array, "dtype", type(array).__name__))


def _axes(array: np.ndarray) -> int:
    """Count the axes without the last ones of length 1, which Keras adds and drops."""
    shape = array.shape
    while len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return len(shape)


def _kind(array: np.ndarray) -> str:
    kinds = {"f": "float", "c": "complex", "U": "text", "S": "text", "O": "object"}
    return kinds.get(array.dtype.kind, "whole")


def _lost(array: np.ndarray, dtype: np.dtype) -> str:
    """Name a number that ``dtype`` of the same kind does not hold, as the cast shows it."""
    with np.errstate(all="ignore"):
        cast = array.astype(dtype)
        wrong = np.isinf(cast) & ~np.isinf(array) if array.dtype.kind == "f" else cast != array
    if not wrong.any():
        return ""
    return f"{array[wrong][0]}, which is cast to {cast[wrong][0]}"


def _kinds(before: Any, now: Any) -> tuple[str, str] | None:
    """Return the names of the containers if one is a list and the other a tuple."""
    if type(before) is type(now) or not (
        isinstance(before, list | tuple) and isinstance(now, list | tuple)
    ):
        return None
    return f"a {type(before).__name__}", f"a {type(now).__name__}"


class _Batches(keras.utils.PyDataset):
    def __init__(self, dtypes: tuple[str, ...]):
        super().__init__()
        self.dtypes = dtypes

    def __len__(self) -> int:
        return len(self.dtypes)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full((8, 4), 0.7).astype(self.dtypes[i]), np.ones((8, 1), "float32")


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Read the first file as integers: on TensorFlow all later ones are cast to them."""
    return {"model": _model(), "data": _Batches(("int64", "float32", "float32"))}


def mended() -> dict:
    """Read all files as float32."""
    return {"model": _model(), "data": _Batches(("float32",) * 3)}
