"""Rows as the caller gives them, checked: the leaves of a feed, and how a batch is made of each.

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

from helpers.arguments import plain_array, shown
from helpers.batching import Plan
from helpers.batching.policies import buckets_of
from helpers.padding import as_rows, fill_value, pad
from helpers.padding.rows import is_numeric

# Makes batch i of one epoch, or its part of one leaf. A `partial`, so that it can be pickled.
Reader = Callable[[int], Any]


@dataclass(frozen=True)
class Padding:
    """How the caller wants lists to be padded."""

    length: int | tuple[int | None, int | None] | None
    side: str
    value: float


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


def as_leaf(
    data: Any,
    path: str,
    plan: Plan,
    padding: Padding,
    store: bool,
    augmented: bool,
) -> Leaf:
    """Check one array or list of rows, which errors call ``path``, and say how it is read."""
    if isinstance(data, list) and data and all(map(is_scalar, data)):
        # Scalars have no time axis; as one-step rows they are checked for a common dtype.
        data = np.concatenate(as_rows([[item] for item in data], path))
    if isinstance(data, list):
        return _list_leaf(data, path, plan, padding, store, augmented)
    if not hasattr(data, "__array__"):
        raise TypeError(
            f"{path}: expected an array, a list of rows, or a tuple or dict of these, "
            f"got {type(data).__name__}"
        )
    array = plain_array(path, data)
    if array.dtype == object:
        raise TypeError(f"{path}: expected numbers, got an object array; pass a list of rows")
    if not is_numeric(array.dtype) and array.dtype.kind not in "US":  # a model may read texts
        raise TypeError(f"{path}: expected numbers, bools or texts, got dtype {array.dtype}")
    if array.ndim == 0:
        raise ValueError(f"{path}: expected rows along axis 0, got a scalar")
    check_count(len(array), path, plan.n)
    return Array(array)


def _list_leaf(
    data: list,
    path: str,
    plan: Plan,
    padding: Padding,
    store: bool,
    augmented: bool,
) -> Stored | Ragged:
    length, value = padding.length, padding.value
    follows = _follows(data, path, plan)
    axes = plan.axes if follows else 1
    rows = as_rows(data, path, axes)
    check_count(len(rows), path, plan.n)
    if axes == 2 and padding.side != "post":
        raise ValueError(
            f"side: expected 'post' for {path}, whose rows have two axes, got {shown(padding.side)}"
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
    leaf = Ragged(rows, sizes, shape, follows, wanted, padding.side, value, is_open)
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


def is_scalar(item: Any) -> bool:
    """Whether an item of a list has no axes."""
    return bool(np.isscalar(item)) or getattr(item, "ndim", None) == 0


def _take(rows: np.ndarray, places: np.ndarray, bounds: list[int], i: int) -> np.ndarray:
    return rows.take(places[bounds[i] : bounds[i + 1]], axis=0)


def _take_from(
    arrays: list[np.ndarray], places: np.ndarray, bounds: list[int], i: int
) -> np.ndarray:
    return arrays[i].take(places[bounds[i] : bounds[i + 1]], axis=0)


def check_count(count: int, path: str, n: int) -> None:
    """Say so if there are not as many rows as in the plan."""
    if count != n:
        raise ValueError(f"{path}: expected the plan's {n} rows, got {count}")
