"""Packing: several rows in one line of a batch, one after the other."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from helpers.arguments import choice, integer, seed
from helpers.batching.checks import COSTS, MOST, row_lengths
from helpers.batching.ladders import histogram
from helpers.batching.order import bounds_of, rows_by, shortness
from helpers.batching.plan import batch_index, in_row_order, total

PACKED_TAILS = ("keep", "drop", "pad")


@dataclass(frozen=True, eq=False, repr=False)
class PackedPlan:
    """One epoch of packed rows: which rows share a bin, and which bins share a batch.

    Make one with `packed`. A *bin* is one line of a packed batch, ``capacity`` timesteps long.
    ``len(plan)`` is the number of batches, ``plan[i]`` the int64 row indices of batch ``i``, bin by
    bin, and iterating gives the batches in order. Within a bin the rows lie one after the other,
    the longest first; what is left of the bin is padding.

    Attributes:
        n: Number of rows that the plan is about.
        rows: int64 ``(shown,)``: the rows of all bins, one bin after the other.
        bin_bounds: int64 ``(slots + 1,)``: bin ``b`` of the epoch holds
            ``rows[bin_bounds[b]:bin_bounds[b + 1]]``; the empty bins of ``tail="pad"`` come last.
        lengths: int64 ``(n,)``, the length of each row in timesteps.
        capacity: Timesteps in a bin.
        batch_size: Bins in a batch; the last batch may have fewer.
        tail: What became of a smaller last batch: keep, drop or pad.
        shuffle: The seed of the order, or None for row order.
        number: Which epoch this is, from 0.
        remake: Makes the plan of another epoch from its number; None if all epochs are alike.

    Example:
        >>> plan = packed([3, 9, 1, 4, 10, 2], 10, 2)
        >>> [batch.tolist() for batch in plan]
        [[4, 1], [3, 0, 5, 2]]
        >>> bins, starts = plan.places(1)
        >>> bins.tolist(), starts.tolist()
        ([0, 0, 0, 0], [0, 4, 7, 9])
    """

    n: int
    rows: np.ndarray
    bin_bounds: np.ndarray
    lengths: np.ndarray
    capacity: int
    batch_size: int
    tail: str
    shuffle: int | None = None
    number: int = 0
    remake: "Callable[[int], PackedPlan] | None" = None

    def __post_init__(self) -> None:
        for array in (self.rows, self.bin_bounds, self.lengths):
            array.flags.writeable = False  # batches are views of these

    def __len__(self) -> int:
        return -(-self._slots // self.batch_size)

    @property
    def _slots(self) -> int:
        return len(self.bin_bounds) - 1

    def _bounds(self, i: int) -> np.ndarray:
        """Bounds of the bins of batch ``i``, int64 ``(bins + 1,)``."""
        index = batch_index(i, len(self))
        return self.bin_bounds[index * self.batch_size : (index + 1) * self.batch_size + 1]

    def __getitem__(self, i: int) -> np.ndarray:
        bounds = self._bounds(i)
        return self.rows[bounds[0] : bounds[-1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def places(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Say where the rows of batch ``i`` lie, in the order of ``plan[i]``.

        Returns:
            The bin of each row within the batch, int64 ``(rows,)``, and its first timestep in that
            bin, int64 ``(rows,)``.

        Raises:
            IndexError: There is no batch ``i``.
        """
        bounds = self._bounds(i)
        counts = np.diff(bounds)
        bins = np.repeat(np.arange(len(counts)), counts)
        ends = bounds_of(self.lengths[self.rows[bounds[0] : bounds[-1]]])
        first = ends[bounds[:-1] - bounds[0]]  # where each bin begins, if all lay in one line
        return bins, ends[:-1] - first[bins]

    def epoch(self, k: int) -> "PackedPlan":
        """Return the plan of epoch ``k`` (from 0); without ``shuffle`` every epoch is this plan.

        The order is a pure function of the seed and ``k``.

        Raises:
            TypeError: ``k`` is not an integer.
            ValueError: ``k`` is negative.
        """
        k = integer("k", k, minimum=0)
        return self if self.remake is None or k == self.number else self.remake(k)

    @property
    def sizes(self) -> np.ndarray:
        """Bins in each batch, int64 ``(batches,)``, empty bins counted."""
        starts = np.arange(0, self._slots, self.batch_size, dtype=np.int64)
        return np.minimum(self.batch_size, self._slots - starts)

    @property
    def bins(self) -> int:
        """Bins that hold rows, in all batches together."""
        return int(np.count_nonzero(np.diff(self.bin_bounds)))

    @property
    def never_seen(self) -> np.ndarray:
        """Sorted int64 indices of the rows that this epoch never shows."""
        return np.flatnonzero(self._times_seen() == 0)

    @property
    def fill(self) -> float:
        """Share of the timesteps in all bins that belong to a row, in (0, 1]."""
        return total(self.lengths, self._times_seen()) / self.cost("linear")

    def cost(self, kind: str) -> int:
        """Say what an epoch computes, padding counted: `Plan.cost` with a bin as one slot.

        Attention is counted for whole bins, ``capacity`` squared each: a mask hides one row of a
        bin from another, but what it hides is computed all the same.

        Args:
            kind: ``"steps"``, ``"linear"`` or ``"quadratic"``.

        Returns:
            Steps, cells, or pairs of cells.

        Raises:
            ValueError: ``kind`` is unknown.

        Example:
            >>> plan = packed([3, 9, 1, 4, 10, 2], 10, 2)
            >>> [plan.cost(kind) for kind in ("steps", "linear", "quadratic")]
            [20, 30, 300]
        """
        choice("kind", kind, COSTS)
        if kind == "steps":
            return len(self) * self.capacity
        return self._slots * self.capacity ** (2 if kind == "quadratic" else 1)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The distinct shapes of the batches, ``(batch, capacity)``, sorted."""
        return tuple((size, self.capacity) for size in np.unique(self.sizes).tolist())

    def restore(self, outputs: Any) -> Any:
        """Bring one output per row, in the order of the plan, back into row order.

        Args:
            outputs: List with an item for each row that the plan shows, batch after batch, each in
                the order of ``plan[i]``; or an array ``(shown, ...)``.

        Returns:
            List of ``n`` items, or an array ``(n, ...)`` if an array came; item ``r`` belongs to
            row ``r``.

        Raises:
            ValueError: There is not one output per row, or a row was never seen.

        Example:
            >>> plan = packed([3, 9, 1], 10, 1)
            >>> plan.rows.tolist(), plan.restore(["of row 1", "of row 2", "of row 0"])
            ([1, 2, 0], ['of row 0', 'of row 1', 'of row 2'])
        """
        count = len(self.rows)
        places = np.full(self.n, -1)
        places[self.rows] = np.arange(count)
        return in_row_order(outputs, places, count, f"the {count} rows of the plan", self.tail)

    def _times_seen(self) -> np.ndarray:
        return np.bincount(self.rows, minlength=self.n)

    def __repr__(self) -> str:
        sizes, counts = np.unique(self.sizes, return_counts=True)
        pairs = zip(counts[::-1], sizes[::-1], strict=True)
        batches = ", ".join(f"{count} of {size}" for count, size in pairs)
        order = "row order" if self.shuffle is None else f"seed {self.shuffle} epoch {self.number}"
        return (
            f"PackedPlan({self.n} rows in {self.bins} bins of {self.capacity}, {len(self)} "
            f"batches: {batches}, tail={self.tail!r}, {order}, never seen {len(self.never_seen)}, "
            f"empty bins {self._slots - self.bins}, fill {self.fill:.3f})"
        )


def packed(
    lengths: Sequence[int] | np.ndarray,
    capacity: int,
    batch_size: int,
    *,
    tail: str = "keep",
    shuffle: int | None = None,
) -> PackedPlan:
    """Plan bins that hold several rows each, nearly without padding, and batches of bins.

    Best-fit decreasing: the rows come longest first, and each goes to the bin with the least room
    that holds it, or else to a new bin. Where most rows are short, hardly a bin more is needed than
    all the timesteps fill; in the worst case two ninths more than the best packing and a few bins.

    All batches have one shape, and a second one if ``tail="keep"`` leaves a smaller last batch.
    The model must keep the rows of a bin apart: attention by a mask, positions by numbers that
    restart. A layer that carries something along a bin, such as an RNN, cannot.

    The tail is that of the bins: ``"keep"`` leaves a smaller last batch, ``"drop"`` leaves out
    its bins with all their rows, ``"pad"`` fills it with empty bins.

    Args:
        lengths: Length of each row in timesteps, ``n`` integers, each 1 to ``capacity``.
        capacity: Timesteps in a bin, at least 1.
        batch_size: Bins in a batch, at least 1.
        tail: ``"keep"``, ``"drop"`` or ``"pad"``.
        shuffle: None for row order among rows of equal length and bins in the order in which they
            were opened, longest rows first: right to predict. To train, a seed (an integer from 0),
            which draws for each epoch which rows of equal length meet in a bin, and the order of
            the bins. Their lengths, their number and the shapes are those of epoch 0.

    Returns:
        The plan of epoch 0; ``plan.epoch(k)`` gives the others.

    Raises:
        TypeError: An argument is not of the type above; a bool is not an integer here.
        ValueError: No rows; a row that is longer than ``capacity``, has length 0 or a negative
            one; heights and widths; a number out of range; an unknown ``tail``; or
            ``tail="drop"`` would leave no batch at all.

    Source: best-fit decreasing and its bound, :cite:t:`johnson1974`; packing sequences by the
    histogram of their lengths, :cite:t:`krell2021`.

    Example:
        >>> plan = packed([3, 9, 1, 4, 10, 2], 10, 2)
        >>> plan.bins, plan.shapes, round(plan.fill, 2)
        (3, ((1, 10), (2, 10)), 0.97)
    """
    lengths = row_lengths(lengths)
    capacity = integer("capacity", capacity, minimum=1, maximum=2**63 - 1)
    batch_size = integer("batch_size", batch_size, minimum=1, maximum=MOST)
    choice("tail", tail, PACKED_TAILS)
    shuffle = seed(shuffle)
    _check_fits(lengths, capacity)
    layout = _best_fit_decreasing(lengths, capacity)
    bins = len(layout.counts)
    if tail == "drop" and bins < batch_size:
        raise ValueError(
            f"tail: 'drop' leaves no batch at all, because all rows fit in {bins} bins, less than "
            f"batch_size={batch_size}"
        )
    return _Epochs(lengths, capacity, batch_size, tail, shuffle, layout)(0)


class _Layout(NamedTuple):
    """Where rows go, in runs: rows that follow each other, longest first, go to bins that do.

    Attributes:
        bins: int64 ``(runs,)``: the bin of the first row of each run; the next row goes to the
            next bin.
        sizes: int64 ``(runs,)``: rows in each run.
        ranks: int64 ``(runs,)``: rows that those bins held before.
        counts: int64 ``(bins,)``: rows in each bin at the end.
    """

    bins: np.ndarray
    sizes: np.ndarray
    ranks: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True, eq=False)
class _Epochs:
    """What all epochs share; called with a number, it makes the plan of that epoch."""

    lengths: np.ndarray
    capacity: int
    batch_size: int
    tail: str
    shuffle: int | None
    layout: _Layout

    def __call__(self, k: int) -> PackedPlan:
        generator = None if self.shuffle is None else np.random.default_rng([self.shuffle, k])
        order = rows_by(*shortness(self.lengths), generator)
        runs, counts = self.layout, self.layout.counts
        if generator is None:
            bounds = bounds_of(counts)
            starts = bounds[:-1]
        else:
            mixed = generator.permutation(len(counts))
            bounds = bounds_of(counts[mixed])
            starts = np.empty_like(counts)
            starts[mixed] = bounds[:-1]
        ends = np.cumsum(runs.sizes)
        places = np.repeat(runs.bins - (ends - runs.sizes), runs.sizes)
        places += np.arange(len(order))  # the bin of each row
        places = starts[places]
        places += np.repeat(runs.ranks, runs.sizes)
        rows = np.empty_like(order)
        rows[places] = order
        left = len(counts) % self.batch_size
        if left and self.tail == "drop":
            bounds = bounds[: len(bounds) - left]
            rows = rows[: bounds[-1]]
        elif left and self.tail == "pad":
            bounds = np.append(bounds, np.full(self.batch_size - left, bounds[-1]))
        return PackedPlan(
            n=len(order),
            rows=rows,
            bin_bounds=bounds,
            lengths=self.lengths,
            capacity=self.capacity,
            batch_size=self.batch_size,
            tail=self.tail,
            shuffle=self.shuffle,
            number=k,
            remake=None if generator is None else self,
        )


def _best_fit_decreasing(lengths: np.ndarray, capacity: int) -> _Layout:
    distinct, counts = histogram(lengths)
    # room: bins with that room left, as [(first bin, how many, rows in each)]
    groups: dict[int, list[tuple[int, int, int]]] = {}
    rooms = [capacity + 1]  # the keys of groups in order, and one more that stands for new bins
    opened = 0
    # first bin, how many, rows that each of them gets, rows that each had: in one list
    steps: list[int] = []
    for length, count in zip(distinct[::-1].tolist(), counts[::-1].tolist(), strict=True):
        index = bisect_left(rooms, length)
        while count:
            room = rooms[index]
            if room > capacity:
                room, group = capacity, None
                first, alike, before = opened, count, 0
            else:
                group = groups[room]
                first, alike, before = group.pop()
            # A bin takes all that it can hold: with a row more, it is the one with the least room.
            each = room // length
            bins = count // each
            if not bins:
                bins, each = 1, count
            if group is None:
                opened += bins
            elif bins < alike:
                group.append((first + bins, alike - bins, before))
            else:
                bins = alike
                if not group:
                    del rooms[index], groups[room]
            steps += (first, bins, each, before)
            count -= bins * each
            room -= each * length
            if room in groups:
                groups[room].append((first, bins, before + each))
            elif room:
                groups[room] = [(first, bins, before + each)]
                rooms.insert(bisect_left(rooms, room), room)
                index += 1  # where rows are left, the room is not enough for one
    table = np.fromiter(steps, np.int64, len(steps)).reshape(-1, 4)
    firsts, bins, each = np.ascontiguousarray(table.T[:3])
    change = np.bincount(firsts, each, opened + 1) - np.bincount(firsts + bins, each, opened + 1)
    runs = np.repeat(table, each, axis=0)  # one row to each bin at a time
    ends = np.cumsum(each)
    runs[:, 3] += np.arange(len(runs)) - np.repeat(ends - each, each)
    return _Layout(
        bins=runs[:, 0],
        sizes=runs[:, 1],
        ranks=runs[:, 3],
        counts=np.cumsum(change[:-1]).astype(np.int64),
    )


def _check_fits(lengths: np.ndarray, capacity: int) -> None:
    if lengths.ndim != 1:
        raise ValueError(f"lengths: expected shape (n,), one length per row, got {lengths.shape}")
    if lengths.min() == 0:
        raise ValueError(
            f"lengths: expected at least 1, because a row without a timestep has no place in a "
            f"bin, got 0 for row {int(np.argmin(lengths))}"
        )
    if lengths.max() > capacity:
        over = lengths > capacity
        row = int(np.argmax(over))
        raise ValueError(
            f"lengths: row {row} has length {lengths[row]}, more than the capacity, {capacity}; "
            f"{int(over.sum())} of {len(lengths)} rows are too long, and the longest row has "
            f"length {lengths.max()}"
        )
