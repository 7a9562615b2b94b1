"""Rows as the caller gives them, checked, and how a batch is made of them.

A `Feed` holds one leaf for each input and target and makes the batches of any epoch of its plan.
There are three kinds of leaves: an `Array`, whose rows are never padded; `Stored` rows, which are
padded once; and `Ragged` rows, which are padded batch by batch. What an epoch's batches have in
common is worked out once: a `Reader` then makes one of them from its number alone. Rows that are
augmented first (`helpers.feeding.augmented`) are never `Stored`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from helpers.arguments import boolean
from helpers.batching import Plan
from helpers.batching.policies import buckets_of
from helpers.padding import as_rows, check_options, fill_value, pad

# Makes batch i of one epoch, or its part of one leaf. A `partial`, so that it can be pickled.
Reader = Callable[[int], Any]


@dataclass(frozen=True)
class Array:
    """Rows along axis 0 of an array, which are never padded."""

    rows: np.ndarray
    axes = 0

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Of one row in a batch; None for an axis that is not the same in all batches."""
        return self.rows.shape[1:]

    @property
    def dtype(self) -> np.dtype:
        """Of a batch."""
        return self.rows.dtype

    def reader(self, plan: Plan) -> Reader:
        """Return what makes the batches of an epoch's plan."""
        return partial(_take, self.rows, plan.rows, plan.bounds.tolist())


@dataclass(frozen=True)
class Stored:
    """Rows that were padded once: one array for each length, and a batch is taken from one."""

    arrays: tuple[np.ndarray, ...]
    which: np.ndarray  # (n,): which array a row is in
    place: np.ndarray  # (n,): where in it
    shape: tuple[int | None, ...]
    axes: int  # how many axes are padded

    @property
    def dtype(self) -> np.dtype:
        """Of a batch."""
        return self.arrays[0].dtype

    def reader(self, plan: Plan) -> Reader:
        """Return what makes the batches of an epoch's plan."""
        which = self.which[plan.rows[plan.bounds[:-1]]].tolist()
        sources = [self.arrays[array] for array in which]
        return partial(_take_from, sources, self.place[plan.rows], plan.bounds.tolist())


@dataclass(frozen=True)
class Ragged:
    """Rows that are padded batch by batch."""

    rows: list[np.ndarray]
    sizes: np.ndarray  # int64 (n, axes): how long each row is, or how high and wide
    shape: tuple[int | None, ...]
    follows: bool  # whether the plan says how long a batch is
    wanted: tuple[int | None, ...]  # lengths that the caller wants whatever the plan says
    side: str
    value: np.generic | float  # what the caller gave, if rows are augmented and may change dtype
    open: bool = False  # whether the rows are augmented and a batch is as long as that makes them

    @property
    def axes(self) -> int:
        """How many axes are padded."""
        return len(self.wanted)

    @property
    def dtype(self) -> np.dtype:
        """Of a batch."""
        return self.rows[0].dtype

    def reader(self, plan: Plan) -> Reader:
        """Return what makes the batches of an epoch's plan."""
        return partial(self._padded, plan)

    def _padded(self, plan: Plan, i: int) -> np.ndarray:
        length = self.wanted
        if self.follows:
            planned = np.atleast_1d(plan.padded_lengths[i]).tolist()
            # A planned 0 is the longest row's own; as an argument of `pad` it would be a mistake.
            length = [want or steps or None for want, steps in zip(length, planned, strict=True)]
        return self._pad(plan[i], length)

    def lengths(self, plan: Plan) -> np.ndarray:
        """How long every batch of an epoch's plan is: int64 ``(batches, axes)``."""
        if self.follows:
            lengths = plan.padded_lengths.reshape(-1, self.axes).copy()
        else:
            lengths = np.maximum.reduceat(self.sizes[plan.rows], plan.bounds[:-1])
        for axis, want in enumerate(self.wanted):
            lengths[:, axis] = want or lengths[:, axis]
        return lengths

    def store(self, targets: np.ndarray) -> Stored:
        """Pad every row to its own of ``targets``, ``(n, axes)``."""
        lengths, which = np.unique(targets, axis=0, return_inverse=True)
        which = which.reshape(-1)  # NumPy 2.0 gives it two axes
        place, arrays = np.empty_like(which), []
        for index, length in enumerate(lengths.tolist()):
            rows = np.flatnonzero(which == index)
            place[rows] = np.arange(len(rows))
            arrays.append(self._pad(rows, [steps or None for steps in length]))
        return Stored(tuple(arrays), which, place, self.shape, self.axes)

    def _pad(self, rows: np.ndarray, length: Sequence[int | None]) -> np.ndarray:
        length = length[0] if self.axes == 1 else tuple(length)
        rows = [self.rows[row] for row in rows]
        return pad(rows, length, axes=self.axes, side=self.side, value=self.value)[0]


Leaf = Array | Stored | Ragged


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


def _ones(leaf: Leaf) -> int:
    # A loss has as many axes as its targets, or one less where it is over the last (features).
    # Keras drops one axis of 1 too many, but adds none.
    return max(leaf.axes, len(leaf.shape) - 1) if leaf.axes else 0


def _take(rows: np.ndarray, places: np.ndarray, bounds: list[int], i: int) -> np.ndarray:
    return rows.take(places[bounds[i] : bounds[i + 1]], axis=0)


def _take_from(
    arrays: list[np.ndarray], places: np.ndarray, bounds: list[int], i: int
) -> np.ndarray:
    return arrays[i].take(places[bounds[i] : bounds[i + 1]], axis=0)


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


def make_feed(
    plan: Plan,
    x: Any,
    y: Any,
    sample_weight: Any,
    length: int | tuple | None,
    side: str,
    value: float,
    store: bool,
    augment: Callable | None,
) -> Feed:
    """Check the arguments of a dataset and return what makes its batches."""
    if not isinstance(plan, Plan):
        raise TypeError(f"plan: expected a helpers.batching.Plan, got {type(plan).__name__}")
    if isinstance(length, tuple | list) and plan.axes == 1:
        raise TypeError(
            f"length: expected an integer or None, got {length!r}; a pair is for a plan whose "
            "lengths are heights and widths"
        )
    check_options(length, "post", plan.axes)
    check_options(None, side)
    boolean("store", store)
    if augment is not None and not callable(augment):
        raise TypeError(f"augment: expected a function or None, got {augment!r}")
    if x is None:
        raise TypeError("x: expected rows, got None")
    augmented = augment is not None

    def leaf(data: Any, path: str) -> Leaf:
        return _leaf(data, path, plan, length, side, value, store and not augmented, augmented)

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


def _leaf(
    data: Any,
    path: str,
    plan: Plan,
    length: int | tuple | None,
    side: str,
    value: float,
    store: bool,
    augmented: bool,
) -> Leaf:
    if isinstance(data, list) and data and all(map(_is_scalar, data)):
        # Scalars have no time axis; as one-step rows they are checked for a common dtype.
        data = np.concatenate(as_rows([[item] for item in data], path))
    if isinstance(data, list):
        return _list_leaf(data, path, plan, length, side, value, store, augmented)
    if not hasattr(data, "__array__"):
        raise TypeError(
            f"{path}: expected an array, a list of rows, or a tuple or dict of these, "
            f"got {type(data).__name__}"
        )
    array = np.asarray(data)
    if array.dtype == object:
        raise TypeError(f"{path}: expected numbers, got an object array; pass a list of rows")
    if array.ndim == 0:
        raise ValueError(f"{path}: expected rows along axis 0, got a scalar")
    check_count(len(array), path, plan.n)
    return Array(array)


def _list_leaf(
    data: list,
    path: str,
    plan: Plan,
    length: int | tuple | None,
    side: str,
    value: float,
    store: bool,
    augmented: bool,
) -> Stored | Ragged:
    follows = _follows(data, path, plan)
    axes = plan.axes if follows else 1
    rows = as_rows(data, path, axes)
    check_count(len(rows), path, plan.n)
    if axes == 2 and side != "post":
        raise ValueError(
            f"side: expected 'post' for {path}, whose rows have two axes, got {side!r}"
        )
    if isinstance(length, tuple | list):  # a pair is for rows of two axes
        wanted = tuple(length) if axes == 2 else (None,)
    else:
        wanted = (length,) * axes
    sizes = np.array([row.shape[:axes] for row in rows], dtype=np.int64)  # (n, axes)
    _check_longest(sizes, wanted, path)
    planned = plan.boundaries is not None and follows
    # What a batch is padded to is the same in every batch of every epoch, or None.
    lengths = (plan.padded_lengths if planned else sizes).reshape(-1, axes)
    static = tuple(
        want or (int(axis[0]) if (axis == axis[0]).all() else None)
        for want, axis in zip(wanted, lengths.T, strict=True)
    )
    if augmented and not follows:  # rows may come back longer or shorter
        static = wanted
    if augmented:
        fill_value(value, np.asarray(value).dtype)  # one number; of which dtype, they will tell
    elif any(steps is None or (steps != sizes[:, axis]).any() for axis, steps in enumerate(static)):
        value = fill_value(value, rows[0].dtype, f"value for {path}")
    else:
        value = rows[0].dtype.type(0)  # never used: there is nothing to pad
    shape = (*static, *rows[0].shape[axes:])
    is_open = augmented and not follows and wanted == (None,)
    leaf = Ragged(rows, sizes, shape, follows, wanted, side, value, is_open)
    targets = _targets(plan, planned, static, wanted, sizes) if store else None
    return leaf if targets is None else leaf.store(targets)


def _targets(
    plan: Plan,
    planned: bool,
    static: tuple[int | None, ...],
    wanted: tuple[int | None, ...],
    sizes: np.ndarray,
) -> np.ndarray | None:
    """To what length each row is padded in every epoch, ``(n, axes)``; None if that varies."""
    if None not in static:
        return np.maximum(static, sizes)  # a row that no epoch shows may be longer
    if not planned:
        return None
    axes = sizes.shape[1]
    targets = plan.boundaries.reshape(-1, axes)[buckets_of(plan.lengths, plan.boundaries)]
    padded = np.repeat(plan.padded_lengths.reshape(-1, axes), plan.sizes, axis=0)
    if not np.array_equal(targets[plan.rows], padded):  # a batch does not keep to its boundary
        return None
    for axis, want in enumerate(wanted):
        targets[:, axis] = want or targets[:, axis]
    return targets


def _follows(data: list, path: str, plan: Plan) -> bool:
    # Whether these are the rows whose lengths the plan knows.
    if plan.lengths is None:
        return False
    try:
        shapes = [np.shape(row) for row in data]
    except ValueError:  # a list of lists of different lengths; `as_rows` says it better
        return False
    if not shapes or min(map(len, shapes)) < plan.axes:
        return False
    sizes = np.array([shape[: plan.axes] for shape in shapes]).reshape(-1, plan.axes)
    lengths = plan.lengths.reshape(-1, plan.axes)
    if np.array_equal(sizes, lengths):
        return True
    if plan.axes == 2 and (sizes[:, 1] != sizes[0, 1]).any():  # no rows of one varying axis
        check_count(len(sizes), path, plan.n)
        row = int(np.argmax((sizes != lengths).any(axis=1)))
        raise ValueError(
            f"{path}: expected images of the plan's heights and widths, got "
            f"{tuple(sizes[row].tolist())} for row {row}, which the plan has as "
            f"{tuple(lengths[row].tolist())}"
        )
    return False


def _check_longest(sizes: np.ndarray, wanted: tuple[int | None, ...], path: str) -> None:
    most = [np.iinfo(np.int64).max if want is None else want for want in wanted]
    over = (sizes > most).any(axis=1)
    if not over.any():
        return
    if len(wanted) == 1:
        row = int(sizes[:, 0].argmax())
        raise ValueError(
            f"{path}: row {row} has {sizes[row, 0]} timesteps, more than length={wanted[0]}"
        )
    row = int(over.argmax())
    raise ValueError(
        f"{path}: row {row} has height and width {tuple(sizes[row].tolist())}, more than "
        f"length={wanted}"
    )


def _is_scalar(item: Any) -> bool:
    return bool(np.isscalar(item)) or getattr(item, "ndim", None) == 0


def check_count(count: int, path: str, n: int) -> None:
    """Say so if there are not as many rows as in the plan."""
    if count != n:
        raise ValueError(f"{path}: expected the plan's {n} rows, got {count}")


def row_weights(sample_weight: Any, n: int) -> np.ndarray:
    """Check the argument ``sample_weight`` and return it as float32 ``(n,)``."""
    array = np.asarray(sample_weight)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"sample_weight: expected numbers, got dtype {array.dtype}")
    if array.shape != (n,):
        raise ValueError(f"sample_weight: expected shape ({n},), one per row, got {array.shape}")
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array)))
        raise ValueError(f"sample_weight: expected finite numbers, got {array[row]} for row {row}")
    return array.astype(np.float32)
