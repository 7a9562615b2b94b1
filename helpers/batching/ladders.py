"""Ladders: the few lengths that batches are padded to."""

from collections.abc import Sequence

import numpy as np

from helpers.arguments import choice, integer
from helpers.batching.checks import one_axis

_MOST = 100_000  # boundaries: more serve nobody, and a number without an end fills the memory
_BLOCK = 8192  # cells of the table that are computed at once: 64 KiB, which stays in the cache


def ladder(lengths: Sequence[int] | np.ndarray, k: int, *, cost: str = "linear") -> np.ndarray:
    """Choose the lengths to pad to, so that all rows together cost as little as any choice of k.

    A row is padded to the smallest boundary that holds it. With ``cost="linear"`` it then costs
    that boundary, as in a convolution or a dense layer; with ``"quadratic"`` the square of it, as
    in attention. Batches that are not full cost more: see the tails of `bucketed`.

    The choice is exact: dynamic programming over the ``d`` distinct lengths, in integers of Python
    where 64 bits are not enough. The best place of a boundary never moves down when the one above
    it moves up, so each of the ``k`` layers halves the problem at one boundary until a small table
    is left. It takes time of the order of ``k d log d`` and, beside a copy of ``lengths`` and its
    histogram, 4 bytes for each of the ``k d`` choices (6 MB for 100,000 distinct lengths and 16
    boundaries).

    Args:
        lengths: Length of each row, ``n`` integers from 0. A row of length 0 counts as 1, because
            a boundary is at least 1.
        k: Number of boundaries, at least 1.
        cost: ``"linear"`` or ``"quadratic"``.

    Returns:
        int64 ``(min(k, d),)``, increasing; the last is the longest row. Each is the length of a
        row.

    Raises:
        TypeError: An argument is not of the type above.
        ValueError: No rows, a negative length, ``k`` below 1, an unknown ``cost``, or rows with a
            height and a width.

    Source: the program is that of optimal clustering in one dimension, :cite:t:`wang2011`,
    with another cost of a cluster.

    Example:
        >>> ladder([1, 2, 3, 3, 9, 10], 2).tolist()
        [3, 10]
        >>> ladder([1, 2, 3, 3, 9, 10], 9).tolist()
        [1, 2, 3, 9, 10]
    """
    distinct, counts = _rungs(lengths)
    k = min(integer("k", k, minimum=1), len(distinct))
    choice("cost", cost, ("linear", "quadratic"))
    power = 1 if cost == "linear" else 2
    exact = int(distinct[-1]) ** power * int(counts.sum()) < 2**63
    values = distinct if exact else distinct.astype(object)  # Python's integers have no end
    prices = values**power
    rows = np.cumsum(counts).astype(values.dtype)
    # cheapest[j]: the cost of the rows of at most distinct[j], under one boundary more per layer.
    cheapest = prices * rows
    layers = []
    for _ in range(k - 1):
        below = _row_minima(cheapest, prices, rows)
        cheapest = cheapest[below] + prices * (rows - rows[below])
        layers.append(below)
    chosen = [len(distinct) - 1]
    for below in reversed(layers):
        chosen.append(int(below[chosen[-1]]))
    return distinct[chosen[::-1]]


def geometric_ladder(lengths: Sequence[int] | np.ndarray, k: int) -> np.ndarray:
    """Space the boundaries evenly on a logarithmic scale, from the shortest row to the longest.

    Args:
        lengths: Length of each row, ``n`` integers from 0; 0 counts as 1.
        k: Number of boundaries, 1 to 100,000.

    Returns:
        int64, at most ``k`` boundaries, increasing; the last is the longest row.

    Raises:
        TypeError: An argument is not of the type above.
        ValueError: No rows, a negative length, ``k`` out of range, or rows with a height and a
            width.

    Example:
        >>> geometric_ladder([1, 100, 1000], 3).tolist()
        [10, 100, 1000]
    """
    distinct, _ = _rungs(lengths)
    k = integer("k", k, minimum=1, maximum=_MOST)
    shortest, longest = int(distinct[0]), int(distinct[-1])
    steps = np.geomspace(shortest, longest, k + 1)[1:].tolist()
    rungs = [min(round(step), longest) for step in steps]  # an int64 may not hold what is rounded
    return np.unique(np.array([*rungs[:-1], longest], np.int64))


def quantile_ladder(lengths: Sequence[int] | np.ndarray, k: int) -> np.ndarray:
    """Give each boundary as nearly the same number of rows as equal lengths allow.

    Args:
        lengths: Length of each row, ``n`` integers from 0; 0 counts as 1.
        k: Number of boundaries, at least 1.

    Returns:
        int64, at most ``k`` boundaries, increasing; the last is the longest row. Each is the
        length of a row.

    Raises:
        TypeError: An argument is not of the type above.
        ValueError: No rows, a negative length, ``k`` below 1, or rows with a height and a width.

    Example:
        >>> quantile_ladder([1, 2, 3, 3, 9, 10], 3).tolist()
        [2, 3, 10]
    """
    distinct, counts = _rungs(lengths)
    rows = np.cumsum(counts)
    k = min(integer("k", k, minimum=1), int(rows[-1]))  # more would be the same
    wanted = -(-np.arange(1, k + 1) * rows[-1] // k)
    return np.unique(distinct[np.searchsorted(rows, wanted)])


def _rungs(lengths: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check the argument ``lengths`` of a ladder and return its histogram, with 0 as 1."""
    array = one_axis(lengths, "; for heights and widths there is helpers.images.bucket_sizes")
    return histogram(np.maximum(array, 1, out=array))


def histogram(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct lengths, increasing, and the number of rows of each, both int64."""
    if int(lengths.max()) >= 4 * len(lengths):  # a table that long would be mostly empty
        return np.unique(lengths, return_counts=True)
    counts = np.bincount(lengths)
    distinct = np.flatnonzero(counts)
    return distinct, counts[distinct]


def _row_minima(cheapest: np.ndarray, prices: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """For each length, the best boundary below it: ``argmin`` over ``i`` of the table's row ``j``.

    The table is ``cheapest[i] + prices[j] * (rows[j] - rows[i])``, less what is the same in all of
    row ``j``. Where ``i`` is not below ``j`` it is never less than at ``i = j``, which means no
    boundary more. The places of the minima increase with ``j``, because prices and rows do.
    """
    block = _BLOCK if prices.dtype != object else _BLOCK // 64
    below = np.empty(len(prices), np.int32)
    parts = [(0, len(prices), 0, len(prices))]
    while parts:
        top, bottom, left, right = parts.pop()
        if bottom - top == 1 or (bottom - top) * (right - left) <= block:
            table = np.multiply.outer(prices[top:bottom], rows[left:right])
            np.subtract(cheapest[left:right], table, out=table)
            below[top:bottom] = table.argmin(axis=1) + left
            continue
        middle = (top + bottom) // 2
        best = left + int((cheapest[left:right] - prices[middle] * rows[left:right]).argmin())
        below[middle] = best
        parts.append((top, middle, left, best + 1))
        if middle + 1 < bottom:
            parts.append((middle + 1, bottom, best, right))
    return below
