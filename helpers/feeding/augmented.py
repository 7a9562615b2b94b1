"""Rows that a function of the caller changes before they are padded: the argument ``augment``.

Here are the checks of what it returns, and its calls by Python. `helpers.feeding.tf_augmented`
calls it in the graph of TensorFlow.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from helpers.batching import Plan
from helpers.feeding.feed import Feed
from helpers.feeding.leaves import Leaf, Reader
from helpers.padding import fill_value, pad
from helpers.padding.rows import is_numeric
from helpers.tensors import as_numpy


class Augmented:
    """Makes the batches of a feed, with every row augmented before it is padded.

    Args:
        feed: Rows as they are given, none of them stored padded.
        augment: The function.
    """

    def __init__(self, feed: Feed, augment: Callable):
        self._feed, self._augment = feed, augment
        self._leaves = feed.leaves()
        self._first: tuple[int, list[np.ndarray]] | None = None  # what a row must agree with

    def reader(self, plan: Plan) -> Reader:
        """Return what makes the batches of an epoch's plan, with their weights if there are any."""
        lengths = [
            None if leaf.axes == 0 or leaf.open else leaf.lengths(plan) for _, leaf in self._leaves
        ]
        return partial(self._batch, plan, slots_of(plan), lengths, self._feed.weight_readers(plan))

    def _batch(
        self,
        plan: Plan,
        slots: tuple[np.ndarray, np.ndarray],
        lengths: list[np.ndarray | None],
        weights: tuple[Reader, ...],
        i: int,
    ) -> tuple:
        own, places = (array[plan.bounds[i] : plan.bounds[i + 1]] for array in slots)
        numbers = plan[i][own].tolist()
        rows = [self._row(number) for number in numbers]
        columns = zip(self._leaves, lengths, zip(*rows, strict=True), strict=True)
        batches = iter(
            [
                _stacked(path, leaf, numbers, column, None if steps is None else steps[i])[places]
                for (path, leaf), steps, column in columns
            ]
        )
        parts = self._feed.map(lambda _: next(batches))
        return (*parts, *(read(i) for read in weights))

    def _row(self, number: int) -> list[np.ndarray]:
        """Augment one row: an array for each leaf."""
        # The copy is the caller's; of a scalar it is an array of no axes.
        given = self._feed.map(lambda leaf: np.array(leaf.rows[number], leaf.dtype))
        items = flat(self._feed.parts, self._augment(*given), f"row {number}")
        arrays = [
            _as_array(item, path, leaf, f"row {number}")
            for (path, leaf), item in zip(self._leaves, items, strict=True)
        ]
        if self._first is None:
            self._first = number, arrays
        before, models = self._first
        for (path, leaf), array, model in zip(self._leaves, arrays, models, strict=True):
            if array.dtype != model.dtype:
                raise TypeError(
                    f"augment: expected one dtype for {path}, got {model.dtype} for row {before} "
                    f"and {array.dtype} for row {number}"
                )
            if array.shape[leaf.axes :] != model.shape[leaf.axes :]:
                raise ValueError(
                    f"augment: expected {path} of one shape{_BUT[leaf.axes]}, got {model.shape} "
                    f"for row {before} and {array.shape} for row {number}"
                )
        return arrays


_BUT = ("", " but for the first axis", " but for the first two axes")


def slots_of(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Say which slots of an epoch's plan are augmented, and which of them each slot shows.

    A padding slot that repeats the first row of its batch shows it as it was augmented there.

    Args:
        plan: The plan of the epoch.

    Returns:
        Two arrays ``(slots,)``: bool, whether the slot is augmented; int64, the place of what it
        shows among the augmented rows of its batch.
    """
    starts = plan.bounds[:-1]
    own = plan.real | (plan.rows != np.repeat(plan.rows[starts], plan.sizes))
    own[starts] = True
    count = np.cumsum(own)
    return own, np.where(own, count - np.repeat(count[starts], plan.sizes), 0)


def flat(parts: tuple, returned: Any, where: str) -> list:
    """Check the structure of what ``augment`` returned and list what is in it, leaf by leaf.

    Raises:
        TypeError: There is no pair where there are targets, or a dict or tuple is missing.
        ValueError: A dict has other keys, or a tuple another length.
    """
    if len(parts) == 1:
        return _flat(parts[0], returned, "x", where)
    if not isinstance(returned, tuple) or len(returned) != 2:
        got = f"a tuple of {len(returned)}" if isinstance(returned, tuple) else _name(returned)
        raise TypeError(f"augment: expected a pair (x_row, y_row), got {got} for {where}")
    pairs = zip(parts, returned, "xy", strict=True)
    return [item for part, given, path in pairs for item in _flat(part, given, path, where)]


def _flat(part: Any, returned: Any, path: str, where: str) -> list:
    if not isinstance(part, dict | tuple):
        return [returned]
    kind = dict if isinstance(part, dict) else tuple
    if not isinstance(returned, kind):
        raise TypeError(
            f"augment: expected a {kind.__name__} for {path}, got {_name(returned)} for {where}"
        )
    if kind is dict:
        if set(returned) != set(part):
            raise ValueError(
                f"augment: expected the keys {list(part)} for {path}, got {list(returned)} for "
                f"{where}"
            )
        keys = list(part)
    else:
        if len(returned) != len(part):
            raise ValueError(
                f"augment: expected a tuple of {len(part)} for {path}, got one of {len(returned)} "
                f"for {where}"
            )
        keys = range(len(part))
    return [
        item for key in keys for item in _flat(part[key], returned[key], f"{path}[{key!r}]", where)
    ]


def _name(item: Any) -> str:
    return "None" if item is None else type(item).__name__


def check_axes(shape: Sequence[int | None], path: str, leaf: Leaf, where: str) -> None:
    """Say so if an augmented row has not as many axes as the row had.

    Raises:
        ValueError: It has more axes or fewer.
    """
    if len(shape) != len(leaf.shape):
        raise ValueError(
            f"augment: expected {path} with {len(leaf.shape)} axes, as it was given, got shape "
            f"{tuple(shape)} for {where}"
        )


def too_large(path: str, axes: int) -> str:
    """Message about a row that does not fit; for the size it has room for, its own and its row."""
    size = "{} timesteps" if axes == 1 else "height and width ({}, {})"
    return (
        f"augment: expected {path} of at most {size}, which its batch is padded to, got "
        f"{size} for row {{}}; with length= or larger boundaries it would fit"
    )


def _as_array(item: Any, path: str, leaf: Leaf, where: str) -> np.ndarray:
    array = as_numpy(item, f"augment: {path} of {where}")
    if not is_numeric(array.dtype):
        got = _name(item) if array.dtype == object else f"dtype {array.dtype}"
        raise TypeError(f"augment: expected numbers for {path}, got {got} for {where}")
    check_axes(array.shape, path, leaf, where)
    return array


def _stacked(
    path: str,
    leaf: Leaf,
    numbers: list[int],
    rows: tuple[np.ndarray, ...],
    length: np.ndarray | None,
) -> np.ndarray:
    """Make a batch of augmented rows; ``length`` is what the plan or the caller wants."""
    if not leaf.axes:
        return np.stack(rows)
    sizes = np.array([row.shape[: leaf.axes] for row in rows])
    most = sizes.max(axis=0) if length is None else length
    over = (sizes > most).any(axis=1)
    if over.any():
        at = int(over.argmax())
        message = too_large(path, leaf.axes)
        raise ValueError(message.format(*most.tolist(), *sizes[at].tolist(), numbers[at]))
    value = 0
    if (sizes != most).any():
        value = fill_value(leaf.value, rows[0].dtype, f"value for {path}")
    # A 0 is the longest row's own; as an argument of `pad` it would be a mistake.
    steps = [steps or None for steps in most.tolist()]
    return pad(
        rows,
        steps[0] if leaf.axes == 1 else tuple(steps),
        axes=leaf.axes,
        side=leaf.side,
        value=value,
    )[0]
