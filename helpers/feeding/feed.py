"""What makes the batches of any epoch of a plan: a leaf for each input and target, and weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from helpers.arguments import boolean, plain_array, shown
from helpers.batching import Plan
from helpers.feeding.leaves import Leaf, Padding, Reader, as_leaf
from helpers.padding import check_options


@dataclass(frozen=True)
class Feed:
    """What makes the batches of any epoch; holds no state, so that workers can share it."""

    parts: tuple  # (x,) or (x, y), with a leaf for each array
    sample_weight: np.ndarray | None
    weighted: bool

    def map(self, function: Callable[[Leaf], Any]) -> tuple:
        """Replace every leaf by what ``function`` makes of it."""
        return _map(lambda leaf, _: function(leaf), self.parts, "")

    def leaves(self) -> list[tuple[str, Leaf]]:
        """List every leaf and what an error calls it, in the order of `map`."""
        found = []
        for part, path in zip(self.parts, "xy", strict=False):
            _map(lambda leaf, path: found.append((path, leaf)), part, path)
        return found

    def reader(self, plan: Plan) -> Reader:
        """Return what makes the batches of an epoch's plan, with their weights if there are any."""
        readers = [_reader(part) for part in self.map(lambda leaf: leaf.reader(plan))]
        return _reader((*readers, *self.weight_readers(plan)))

    def weight_readers(self, plan: Plan) -> tuple[Reader, ...]:
        """Return what makes the weights of an epoch's batches, or nothing if there are none."""
        if not self.weighted:
            return ()
        cut = partial(_cut, plan.bounds.tolist())
        return (_reader(self.map_weights(lambda ones: partial(cut, self.weights(plan, ones)))),)

    def weights(self, plan: Plan, ones: int) -> np.ndarray:
        """Weights of all slots of an epoch's plan, ``(slots, 1, ...)`` with so many ones."""
        weights = plan.real.astype(np.float32)
        if self.sample_weight is not None:
            weights *= self.sample_weight[plan.rows]
        return weights.reshape(-1, *[1] * ones)

    def map_weights(self, function: Callable[[int], Any]) -> Any:
        """Make the weights' structure; ``function`` gets how many axes of 1 one of them has.

        One array for all targets, unless there are several and one of them has a time axis.
        """
        ones = []
        _map(lambda leaf, _: ones.append(_ones(leaf)), self.parts[1], "y")
        if len(ones) == 1 or not any(ones):
            return function(ones[0])
        return _map(lambda leaf, _: function(_ones(leaf)), self.parts[1], "y")


def make_feed(
    plan: Plan,
    x: Any,
    y: Any,
    sample_weight: Any,
    padding: Padding,
    store: bool,
    augment: Callable | None,
) -> Feed:
    """Check the arguments of a dataset and return what makes its batches."""
    if not isinstance(plan, Plan):
        raise TypeError(f"plan: expected a helpers.batching.Plan, got {type(plan).__name__}")
    length = padding.length
    if isinstance(length, tuple | list) and plan.axes == 1:
        raise TypeError(
            f"length: expected an integer or None, got {shown(length)}; a pair is for a plan whose "
            "lengths are heights and widths"
        )
    check_options(length, "post", plan.axes)
    check_options(None, padding.side)
    boolean("store", store)
    if augment is not None and not callable(augment):
        raise TypeError(f"augment: expected a function or None, got {shown(augment)}")
    if x is None:
        raise TypeError("x: expected rows, got None")
    augmented = augment is not None

    def leaf(data: Any, path: str) -> Leaf:
        return as_leaf(data, path, plan, padding, store and not augmented, augmented)

    parts = (_map(leaf, x, "x"),) if y is None else (_map(leaf, x, "x"), _map(leaf, y, "y"))
    if sample_weight is not None:
        if y is None:
            raise ValueError("sample_weight: expected y too, got y=None")
        sample_weight = row_weights(sample_weight, plan.n)
    weighted = y is not None and (plan.padded or sample_weight is not None)
    return Feed(parts, sample_weight, weighted)


def _map(function: Callable[[Any, str], Any], data: Any, path: str) -> Any:
    """Apply ``function(leaf, path)`` to every leaf of nested tuples and dicts."""
    if isinstance(data, dict | tuple) and not data:
        raise ValueError(f"{path}: expected rows, got an empty {type(data).__name__}")
    if isinstance(data, dict):
        return {key: _map(function, item, f"{path}[{key!r}]") for key, item in data.items()}
    if isinstance(data, tuple):
        return tuple(_map(function, item, f"{path}[{i}]") for i, item in enumerate(data))
    return function(data, path)


def _ones(leaf: Leaf) -> int:
    # A loss has as many axes as its targets, or one less where it is over the last (features).
    # Keras drops one axis of 1 too many, but adds none.
    return max(leaf.axes, len(leaf.shape) - 1) if leaf.axes else 0


def row_weights(sample_weight: Any, n: int) -> np.ndarray:
    """Check the argument ``sample_weight`` and return it as float32 ``(n,)``."""
    array = plain_array("sample_weight", sample_weight)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"sample_weight: expected numbers, got dtype {array.dtype}")
    if array.shape != (n,):
        raise ValueError(f"sample_weight: expected shape ({n},), one per row, got {array.shape}")
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array)))
        raise ValueError(f"sample_weight: expected finite numbers, got {array[row]} for row {row}")
    with np.errstate(all="ignore"):  # the error below says it better than a RuntimeWarning
        cast = array.astype(np.float32)
        if array.dtype.kind == "f":  # rounding is fine for fractions
            wrong = ~(np.abs(cast - array) <= 1e-6 * np.abs(array))
        else:  # an integer is meant as it stands
            wrong = cast.astype(array.dtype) != array
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"sample_weight: expected numbers that float32 holds, got {array[row]} for row {row}, "
            f"which would be {cast[row]}"
        )
    return cast


def _cut(bounds: list[int], array: np.ndarray, i: int) -> np.ndarray:
    return array[bounds[i] : bounds[i + 1]].copy()  # the caller may change it


def _reader(readers: Any) -> Reader:
    """Make one reader of nested tuples and dicts of readers."""
    if isinstance(readers, dict):
        return partial(_read_dict, {key: _reader(item) for key, item in readers.items()})
    if isinstance(readers, tuple):
        readers = tuple(map(_reader, readers))
        return partial(_read_one, *readers) if len(readers) == 1 else partial(_read, readers)
    return readers


def _read_dict(readers: dict[Any, Reader], i: int) -> dict:
    return {key: read(i) for key, read in readers.items()}


def _read(readers: tuple[Reader, ...], i: int) -> tuple:
    return tuple([read(i) for read in readers])


def _read_one(read: Reader, i: int) -> tuple:
    return (read(i),)
