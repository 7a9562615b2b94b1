"""Rows packed several in a line, and back."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from helpers.arguments import plain_array
from helpers.batching import PackedPlan
from helpers.padding.rows import as_rows, check_list, fill_value


class Packed(NamedTuple):
    """A batch of bins, each with several rows one after the other.

    Attributes:
        values: ``(batch, capacity, ...)``, the rows and behind them padding.
        segments: int32 ``(batch, capacity)``, 1 at the steps of the first row of a bin, 2 at those
            of the second, and so on; 0 in padding.
        positions: int32 ``(batch, capacity)``, the number of each step within its row, from 0; 0
            in padding.
    """

    values: np.ndarray
    segments: np.ndarray
    positions: np.ndarray


def pack(rows: Sequence, plan: PackedPlan, i: int, *, value: float = 0) -> Packed:
    """Pack the rows of one batch into bins, as the plan says.

    Args:
        rows: All ``plan.n`` rows: list of arrays ``(time, ...)`` or of lists, of one dtype and with
            equal axes after the first, each as long as the plan has it.
        plan: Made by `helpers.batching.packed`.
        i: Which batch.
        value: What the padding holds. The dtype must hold it exactly.

    Returns:
        The batch ``(batch, capacity, ...)`` in the dtype of the rows, and what tells its rows
        apart.

    Raises:
        TypeError: ``plan`` is no packed plan, ``rows`` is not a list, a row is not numeric or the
            rows of the batch differ in dtype.
        ValueError: There are not ``plan.n`` rows, a row has another length than in the plan, rows
            of the batch differ in shape, or ``value`` does not fit the dtype.
        IndexError: There is no batch ``i``.

    Example:
        >>> from helpers.batching import packed
        >>> plan = packed([3, 2, 4], capacity=5, batch_size=2)
        >>> batch = pack([[1, 2, 3], [4, 5], [6, 7, 8, 9]], plan, 0)
        >>> batch.values.tolist()
        [[6, 7, 8, 9, 0], [1, 2, 3, 4, 5]]
        >>> batch.segments.tolist(), batch.positions.tolist()
        ([[1, 1, 1, 1, 0], [1, 1, 1, 2, 2]], [[0, 1, 2, 3, 0], [0, 1, 2, 0, 1]])
    """
    check_packed(plan)
    if isinstance(rows, dict | str | np.ndarray) or not hasattr(rows, "__getitem__"):
        check_list(rows)  # another sequence may read its rows from a disk as they are asked for
    if len(rows) != plan.n:
        raise ValueError(f"rows: expected the plan's {plan.n} rows, got {len(rows)}")
    try:
        shown = as_rows([rows[row] for row in plan[i]])
    except (TypeError, ValueError):
        as_rows(rows)  # names the row by its own number
        raise
    wrong = [len(row) for row in shown] != plan.lengths[plan[i]]
    if wrong.any():
        index = int(wrong.argmax())
        row = plan[i][index]
        raise ValueError(
            f"rows: row {row} has {len(shown[index])} timesteps, but the plan has it as "
            f"{plan.lengths[row]}"
        )
    values = fill_bins(np.concatenate(shown), plan, i, fill_value(value, shown[0].dtype))
    return Packed(values, *segments_of(plan, i))


def unpack(array: np.ndarray, plan: PackedPlan, i: int) -> list[np.ndarray]:
    """Take the rows of one batch out of their bins: the inverse of `pack`.

    Args:
        array: ``(batch, capacity, ...)``: what was packed, or a model's output for each step.
        plan: The plan that it was packed by, of the same epoch.
        i: Which batch.

    Returns:
        List of arrays ``(time, ...)``, copies, one for each row in the order of ``plan[i]``. Those
        of all batches, one after the other, are what ``plan.restore`` takes.

    Raises:
        TypeError: ``plan`` is no packed plan.
        ValueError: ``array`` does not have the batch's bins and timesteps.
        IndexError: There is no batch ``i``.

    Example:
        >>> from helpers.batching import packed
        >>> plan = packed([3, 2, 4], capacity=5, batch_size=2)
        >>> batch = pack([[1, 2, 3], [4, 5], [6, 7, 8, 9]], plan, 0)
        >>> [row.tolist() for row in unpack(batch.values, plan, 0)]
        [[6, 7, 8, 9], [1, 2, 3], [4, 5]]
    """
    check_packed(plan)
    array = plain_array("array", array)
    bins, starts = plan.places(i)
    expected = (int(plan.sizes[i]), plan.capacity)
    if array.shape[:2] != expected:
        raise ValueError(
            f"array: expected (batch, capacity, ...), which is {expected} for batch {i}, got shape "
            f"{array.shape}"
        )
    ends = starts + plan.lengths[plan[i]]
    return [
        array[number, start:end].copy()
        for number, start, end in zip(bins, starts, ends, strict=True)
    ]


def fill_bins(cells: np.ndarray, plan: PackedPlan, i: int, fill: np.generic) -> np.ndarray:
    """Lay ``cells``, the rows of ``plan[i]`` one after the other, into the bins of batch ``i``."""
    values = np.full((plan.sizes[i] * plan.capacity, *cells.shape[1:]), fill, cells.dtype)
    values[_steps(plan, i)[0]] = cells
    return values.reshape(-1, plan.capacity, *cells.shape[1:])


def segments_of(plan: PackedPlan, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Segments and positions of batch ``i``, int32 ``(batch, capacity)`` each."""
    check_packed(plan)
    bins, _ = plan.places(i)
    steps, positions = _steps(plan, i)
    numbers = np.arange(len(bins)) - np.searchsorted(bins, bins) + 1
    arrays = np.zeros((2, plan.sizes[i] * plan.capacity), np.int32)
    arrays[0, steps] = np.repeat(numbers, plan.lengths[plan[i]])
    arrays[1, steps] = positions
    return tuple(arrays.reshape(2, -1, plan.capacity))


def check_packed(plan: PackedPlan) -> None:
    """Say so if ``plan`` is no packed plan."""
    if not isinstance(plan, PackedPlan):
        raise TypeError(
            f"plan: expected a plan made by helpers.batching.packed, got {type(plan).__name__}"
        )


def _steps(plan: PackedPlan, i: int) -> tuple[np.ndarray, np.ndarray]:
    # For each step of the batch's rows: its place in the bins laid end to end, and in its row.
    bins, starts = plan.places(i)
    lengths = plan.lengths[plan[i]]
    ends = np.cumsum(lengths)
    positions = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    return np.repeat(bins * plan.capacity + starts, lengths) + positions, positions
