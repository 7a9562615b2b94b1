"""The order of rows, and how an order is dealt out in batches."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from helpers.batching.checks import MOST

_BLOCK = 2**15  # slots that are filled at once


class Deal(NamedTuple):
    """The batches of an epoch, as places in an order of the rows. It is the same in every epoch.

    Attributes:
        starts: int64 ``(batches,)``: place of the batch's first row.
        sizes: int64 ``(batches,)``: slots in the batch.
        missing: int64 ``(batches,)``: slots at the end of the batch that no row is left for.
        again: int64 ``(batches,)``: place of the first row that fills those slots.
        cycle: int64 ``(batches,)``: after so many rows the filling starts again.
        real: Whether rows in those slots count (weight 1).
        groups: int64 ``(batches,)``: the group that the batch is from.
    """

    starts: np.ndarray
    sizes: np.ndarray
    missing: np.ndarray
    again: np.ndarray
    cycle: np.ndarray
    real: bool
    groups: np.ndarray


def even_size(n: int, batch_size: int) -> int:
    """Return the size of all batches of ``n`` rows that leaves little over: ``tail="even"``."""
    if n <= batch_size:
        return n
    sizes = range(batch_size, -(-3 * batch_size // 4) - 1, -1)
    enough = (size for size in sizes if 100 * (-n % size) <= n)
    return next(enough, None) or min(sizes, key=lambda size: -n % size)


def deal(counts: np.ndarray, sizes: np.ndarray, tail: str) -> Deal:
    """Deal groups of rows, which follow each other in an order, out in batches.

    Args:
        counts: int64 ``(groups,)``: rows in each group.
        sizes: int64 ``(groups,)``: rows in a batch of each group.
        tail: What happens to the smaller last batch of each group.

    Returns:
        The batches, group after group.
    """
    if tail == "even":
        pairs = zip(counts.tolist(), sizes.tolist(), strict=True)
        sizes = np.array([max(1, even_size(count, size)) for count, size in pairs], np.int64)
    first = np.cumsum(counts) - counts
    batches = counts // sizes if tail == "drop" else -(-counts // sizes)
    groups = np.repeat(np.arange(len(counts)), batches)
    before = np.cumsum(batches) - batches
    done = (np.arange(len(groups)) - before[groups]) * sizes[groups]
    starts, slots, left = first[groups] + done, sizes[groups], counts[groups] - done
    missing = np.maximum(slots - left, 0)
    if tail == "keep":
        slots, missing = np.minimum(slots, left), np.zeros_like(missing)
    if slots.sum(dtype=float) > MOST:
        raise ValueError(f"tail: {tail!r} makes more than {MOST} slots; take smaller batches")
    wraps = tail == "wrap"
    again = first[groups] if wraps else starts
    cycle = counts[groups] if wraps else np.ones_like(starts)
    return Deal(starts, slots, missing, again, cycle, wraps, groups)


def deal_out(
    order: np.ndarray, dealt: Deal, mixed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put the rows into their slots.

    Args:
        order: int64 ``(n,)``: rows.
        dealt: The batches.
        mixed: int64 ``(batches,)``: the order of the batches; None for that of ``dealt``.

    Returns:
        ``rows``, ``bounds`` and ``real`` of a `Plan`.
    """
    starts, sizes, missing = dealt.starts, dealt.sizes, dealt.missing
    if mixed is not None:
        starts, sizes, missing = starts[mixed], sizes[mixed], missing[mixed]
    bounds = bounds_of(sizes)
    real = np.ones(bounds[-1], dtype=bool)
    short = np.flatnonzero(missing)
    if mixed is None and not len(short) and len(real) == len(order):
        return order, bounds, real
    rows, jumps = np.empty(len(real), np.int64), starts.copy()
    jumps[1:] -= starts[:-1] + sizes[:-1] - 1
    for low, high in _blocks(bounds):
        first = bounds[low]
        # One place further from slot to slot, but for the first slot of a batch: a running sum.
        places = np.ones(bounds[high] - first, np.int64)
        places[bounds[low:high] - first] = jumps[low:high]
        places[0] = starts[low]
        np.cumsum(places, out=places)
        # Past the end of the order there are only slots that are filled below.
        order.take(places, out=rows[first : bounds[high]], mode="clip")
    if len(short):
        missing = missing[short]
        ends = np.cumsum(missing)
        turns = np.arange(ends[-1])
        holes = np.repeat(bounds[1:][short] - ends, missing) + turns
        turns -= np.repeat(ends - missing, missing)
        batches = np.repeat(short if mixed is None else mixed[short], missing)
        rows[holes] = order[dealt.again[batches] + turns % dealt.cycle[batches]]
        real[holes] = dealt.real
    return rows, bounds, real


def _blocks(bounds: np.ndarray) -> Iterator[tuple[int, int]]:
    """Cut batches in blocks of about `_BLOCK` slots, which stay in the processor's cache."""
    edges = np.searchsorted(bounds, np.arange(0, bounds[-1], _BLOCK))
    # Blocks that begin inside one batch share an edge; inside the last batch it is the end.
    return pairwise(dict.fromkeys([*edges.tolist(), len(bounds) - 1]))


def longest_of(lengths: np.ndarray, rows: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Length of the longest row of each batch, or its largest height and width."""
    longest = np.empty((len(bounds) - 1, *lengths.shape[1:]), np.int64)
    for low, high in _blocks(bounds):
        block = lengths.take(rows[bounds[low] : bounds[high]], axis=0)
        np.maximum.reduceat(block, bounds[low:high] - bounds[low], out=longest[low:high])
    return longest


def bounds_of(sizes: np.ndarray) -> np.ndarray:
    """Where each batch begins, and where the last one ends: int64 ``(batches + 1,)``."""
    bounds = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=bounds[1:])
    return bounds


def rows_by(
    groups: np.ndarray, most: int, generator: np.random.Generator | None = None
) -> np.ndarray:
    """Order rows by group, and within a group by row or by a random number of 32 bits.

    Args:
        groups: Integers ``(n,)``, 0 to ``most``.
        most: The largest group there may be.
        generator: Draws ``integers(2**32, size=n, dtype=uint32)``, one for each row; or None.

    Returns:
        int64 ``(n,)``.
    """
    n = len(groups)
    low, high = (n - 1).bit_length(), int(most).bit_length()
    width, draws = 0, None
    if generator is not None:
        draws = generator.integers(2**32, size=n, dtype=np.uint32)
        width = 32
        if low + high + width > 64:  # fewer bits, unless many rows would then draw the same
            width = 64 - low - high
    if low + high > 64 or (draws is not None and width < low):
        return np.argsort(groups, kind="stable") if draws is None else np.lexsort((draws, groups))
    # All that matters in one integer, no two alike: `sort` is several times as fast as `argsort`,
    # and its result does not depend on the processor.
    dtype = np.uint32 if low + high + width <= 32 else np.uint64
    keys = groups.astype(dtype)
    if draws is not None:
        keys <<= dtype(width)
        keys |= draws if width == 32 else draws >> np.uint32(32 - width)
        del draws  # its memory is enough for the next line
    keys <<= dtype(low)
    keys |= np.arange(n, dtype=np.min_scalar_type(n))
    keys.sort()
    keys &= dtype(2**low - 1)
    return keys.view(np.int64) if dtype is np.uint64 else keys.astype(np.int64)


def longest_first(
    short: np.ndarray, longest: int, width: int | None, generator: np.random.Generator | None
) -> np.ndarray:
    """Order rows longest first, all of them or in each window of ``width`` rows of an order.

    Args:
        short: Integers ``(n,)``: by how much each row is shorter than ``longest``.
        longest: Length of the longest row.
        width: Rows in a window, or None.
        generator: Draws the order that is cut in windows; None for row order.

    Returns:
        int64 ``(n,)``. Of equal lengths the first in the order comes first.
    """
    n = len(short)
    if width is None or width >= n:
        return rows_by(short, longest, generator)
    random = generator is not None
    order = rows_by(np.zeros(n, np.uint8), 0, generator) if random else np.arange(n)
    block = max(1, _BLOCK // width) * width
    whole = n - n % width
    for first in [*range(0, whole, block), *range(whole, n, width)]:
        part = order[first : min(first + block, whole) if first < whole else n]
        windows = part.reshape(-1, min(width, len(part)))
        sorts = _sorted_windows(short[windows], longest)
        part[:] = windows.ravel()[sorts.ravel()]
    return order


def _sorted_windows(short: np.ndarray, longest: int) -> np.ndarray:
    """Places in ``short``, row after row, that sort each row; of equals the first stays first."""
    rows, width = short.shape
    low = (width - 1).bit_length()
    bits = low + longest.bit_length()
    if bits > 64:
        keys = np.argsort(short, axis=1, kind="stable")
    else:
        dtype = np.uint32 if bits <= 32 else np.uint64
        keys = short.astype(dtype)
        keys <<= dtype(low)
        keys |= np.arange(width, dtype=dtype)
        keys.sort(axis=1)
        keys &= dtype(2**low - 1)
    keys += np.arange(0, rows * width, width, dtype=keys.dtype)[:, None]
    return keys


def shortness(cells: np.ndarray) -> tuple[np.ndarray, int]:
    """By how much each row is shorter than the longest, in few bytes; and the longest."""
    longest = int(cells.max())
    short = np.empty(len(cells), np.min_scalar_type(longest))
    return np.subtract(longest, cells, out=short, casting="unsafe"), longest
