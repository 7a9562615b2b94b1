"""The plan itself: the rows of every batch of an epoch, and what it costs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.arguments import choice, integer, plain_array, shown
from helpers.batching.checks import COSTS
from helpers.batching.order import Deal, deal_out, longest_of


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """One epoch: the rows of every batch, batch after batch.

    Make one with `fixed`, `bucketed`, `grouped` or `token_budget`. ``len(plan)`` is the number of
    batches, ``plan[i]`` the int64 row indices of batch ``i``, and iterating gives the batches in
    order. A row index is always valid, also in a padding slot: that slot repeats the first row of
    its batch, because a row of nothing but padding can become NaN inside a model, and NaN times
    weight 0 is still NaN.

    Attributes:
        n: Number of rows that the plan is about.
        rows: int64 ``(slots,)``: the row in each slot, all batches one after the other.
        bounds: int64 ``(batches + 1,)``: batch ``i`` is ``rows[bounds[i]:bounds[i + 1]]``.
        real: bool ``(slots,)``: False in a padding slot.
        batch_size: The size that was asked for, which no batch exceeds; or, where a number of
            tokens was asked for, the size of the largest batch.
        tail: What became of a smaller last batch: keep, drop, pad, wrap or even.
        lengths: int64 ``(n,)``, the length of each row in tokens (timesteps); or ``(n, 2)``, its
            height and width; or None.
        padded_lengths: int64 ``(batches,)`` or ``(batches, 2)``, the length, or the height and
            width, that each batch is padded to; or None.
        shuffle: The seed of the order, or None for row order.
        number: Which epoch this is, from 0.
        remake: Makes the plan of another epoch from its number; None if all epochs are alike.
        boundaries: int64 ``(buckets,)`` or ``(buckets, 2)``: the lengths that a bucketed plan pads
            to, the same in every epoch; None for a plan without buckets.

    Example:
        >>> from helpers.batching import fixed
        >>> plan = fixed(105, 32, tail="pad")
        >>> len(plan), plan.sizes.tolist(), int(plan.weights(3).sum())
        (4, [32, 32, 32, 32], 9)
    """

    n: int
    rows: np.ndarray
    bounds: np.ndarray
    real: np.ndarray
    batch_size: int
    tail: str
    lengths: np.ndarray | None = None
    padded_lengths: np.ndarray | None = None
    shuffle: int | None = None
    number: int = 0
    remake: "Callable[[int], Plan] | None" = None
    boundaries: np.ndarray | None = None

    def __post_init__(self) -> None:
        arrays = (self.rows, self.bounds, self.real)
        for array in (*arrays, self.lengths, self.padded_lengths, self.boundaries):
            if array is not None:
                array.flags.writeable = False  # batches are views of these

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def _span(self, i: int) -> slice:
        index = batch_index(i, len(self))
        return slice(int(self.bounds[index]), int(self.bounds[index + 1]))

    def __getitem__(self, i: int) -> np.ndarray:
        return self.rows[self._span(i)]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def weights(self, i: int) -> np.ndarray:
        """Sample weights of batch ``i``: float32 ``(batch,)``, 1 for a row, 0 for a padding slot.

        Raises:
            IndexError: There is no batch ``i``.
        """
        return self.real[self._span(i)].astype(np.float32)

    def epoch(self, k: int) -> "Plan":
        """Return the plan of epoch ``k`` (from 0); without ``shuffle`` every epoch is this plan.

        The order is a pure function of the seed and ``k``: it does not matter which epochs were
        asked for before.

        Raises:
            TypeError: ``k`` is not an integer.
            ValueError: ``k`` is negative.
        """
        k = integer("k", k, minimum=0)
        return self if self.remake is None or k == self.number else self.remake(k)

    @property
    def sizes(self) -> np.ndarray:
        """Slots in each batch, int64 ``(batches,)``, padding slots counted."""
        return np.diff(self.bounds)

    @property
    def axes(self) -> int:
        """Axes of a row that are padded, 2 if ``lengths`` has heights and widths, else 1."""
        return 1 if self.lengths is None or self.lengths.ndim == 1 else self.lengths.shape[1]

    @property
    def padded(self) -> bool:
        """Whether any slot is a padding slot."""
        return not bool(self.real.all())

    @property
    def never_seen(self) -> np.ndarray:
        """Sorted int64 indices of the rows that this epoch never shows."""
        return np.flatnonzero(self._times_seen() == 0)

    @property
    def seen_twice(self) -> np.ndarray:
        """Sorted int64 indices of the rows that this epoch shows more than once.

        Padding slots do not count: their weight is 0.
        """
        return np.flatnonzero(self._times_seen() > 1)

    @property
    def fill(self) -> float:
        """Share of the computed cells that belong to a row seen for the first time, in (0, 1].

        Computed cells are slots times padded length, or slots times padded height times padded
        width. Padding slots, the padding around a short row and the second showing of a row all
        cost computing and bring no new row, so all three lower the share. Without ``lengths``
        every row counts as one cell. The share is 0 only if no row shown has a cell and its batch
        is padded to a boundary all the same.
        """
        first = self._first_slot()
        seen = first >= 0
        if self.lengths is None:
            return float(seen.sum() / len(self.rows))
        computed = self.cost("linear")
        # Rows of length 0 only: nothing is computed, so nothing is padding.
        return total(cells(self.lengths), seen) / computed if computed else 1.0

    def cost(self, kind: str) -> int:
        """Say what an epoch computes, padding counted.

        ============= ===================================== ===================================
        kind          sum over the batches of               grows so with the length
        ============= ===================================== ===================================
        ``steps``     padded length                         LSTM: one step after the other,
                                                            whatever the batch size
        ``linear``    slots times padded length             convolution, dense layer
        ``quadratic`` slots times padded length, squared    attention
        ============= ===================================== ===================================

        Where rows vary on two axes, padded height times padded width takes the place of the length.

        Args:
            kind: ``"steps"``, ``"linear"`` or ``"quadratic"``.

        Returns:
            Steps, cells, or pairs of cells. Compare costs of one kind only.

        Raises:
            ValueError: ``kind`` is unknown, or the plan has no ``lengths``.

        Example:
            >>> from helpers.batching import fixed
            >>> plan = fixed(3, 2, lengths=[4, 10, 3])
            >>> [plan.cost(kind) for kind in ("steps", "linear", "quadratic")]
            [13, 23, 209]
        """
        choice("kind", kind, COSTS)
        if self.padded_lengths is None:
            raise ValueError(
                f"lengths: expected a plan made with lengths to cost {kind!r}, got None"
            )
        times = np.ones(len(self), np.int64) if kind == "steps" else self.sizes
        return total(cells(self.padded_lengths), times, 2 if kind == "quadratic" else 1)

    @property
    def shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """The distinct shapes of the batches, sorted.

        They are ``(batch, length)``, or ``(batch, height, width)`` if rows vary on two axes; length
        is None without ``lengths``.
        """
        sizes = self.sizes.tolist()
        if self.padded_lengths is None:
            return tuple((size, None) for size in sorted(set(sizes)))
        axes = self.padded_lengths.reshape(len(self), -1).T.tolist()
        return tuple(sorted(set(zip(sizes, *axes, strict=True))))

    def restore(self, outputs: Any) -> Any:
        """Bring one output per slot, e.g. from ``model.predict``, back into row order.

        Padding slots are left out. Of a row that was shown more than once the first output is
        taken. For a shuffled plan, call the plan of the epoch that was predicted.

        Args:
            outputs: Array ``(slots, ...)``, batch after batch; or a list with one item per slot.

        Returns:
            Array ``(n, ...)``, or a list of ``n`` items if a list came; item ``r`` belongs to row
            ``r``.

        Raises:
            ValueError: There is not one output per slot, or a row was never seen.

        Example:
            >>> from helpers.batching import fixed
            >>> plan = fixed(5, 2, tail="pad")
            >>> plan.restore(np.array([10, 11, 12, 13, 14, 14])).tolist()
            [10, 11, 12, 13, 14]
        """
        count = len(self.rows)
        first = self._first_slot()
        return in_row_order(outputs, first, count, f"the plan's {count} slots", self.tail)

    def _times_seen(self) -> np.ndarray:
        return np.bincount(self.rows[self.real], minlength=self.n)

    def _first_slot(self) -> np.ndarray:
        """Slot that shows each row for the first time, int64 ``(n,)``; -1 if there is none."""
        first = np.full(self.n, -1, dtype=np.int64)
        slots = np.flatnonzero(self.real)[::-1]
        first[self.rows[slots]] = slots  # of equal indices the last assignment stays
        return first

    def __repr__(self) -> str:
        sizes, counts = np.unique(self.sizes, return_counts=True)
        if len(sizes) <= 2:
            pairs = zip(counts[::-1], sizes[::-1], strict=True)
            batches = ", ".join(f"{count} of {size}" for count, size in pairs)
        else:
            batches = f"sizes {sizes[0]} to {sizes[-1]}"
        if self.padded_lengths is not None and (self.boundaries is not None or self.axes > 1):
            count = len(np.unique(self.padded_lengths, axis=0))
            noun = "length" if self.axes == 1 else "size"
            batches += f", padded to {count} {noun}{'s' * (count != 1)}"
        order = "row order" if self.shuffle is None else f"seed {self.shuffle} epoch {self.number}"
        return (
            f"Plan({self.n} rows, {len(self)} batches: {batches}, tail={self.tail!r}, {order}, "
            f"never seen {len(self.never_seen)}, seen twice {len(self.seen_twice)}, "
            f"padding slots {int((~self.real).sum())}, fill {self.fill:.3f})"
        )


@dataclass(frozen=True, eq=False)
class Epochs:
    """What all epochs of one plan share; called with a number, it makes the plan of that epoch.

    Attributes:
        order: Gives the int64 ``(n,)`` order of the rows, from a generator of random numbers, or
            from None in row order. A function of a module, so that a plan can be pickled.
        deal: The batches, as places in that order.
        padded_lengths: What each batch is padded to; None to pad it to its own longest row.
        mixed: Whether a shuffled epoch draws the order of its batches too.
        n: As in `Plan`, and so are those below.
    """

    order: Callable[[np.random.Generator | None], np.ndarray]
    deal: Deal
    n: int
    batch_size: int
    tail: str
    shuffle: int | None
    lengths: np.ndarray | None
    padded_lengths: np.ndarray | None = None
    boundaries: np.ndarray | None = None
    mixed: bool = True

    def __call__(self, k: int) -> Plan:
        """Make the plan of epoch ``k``, a checked integer."""
        generator = None if self.shuffle is None else np.random.default_rng([self.shuffle, k])
        order = self.order(generator)
        mixed = None
        if generator is not None and self.mixed:
            mixed = generator.permutation(len(self.deal.sizes))
        rows, bounds, real = deal_out(order, self.deal, mixed)
        padded = self.padded_lengths
        if padded is None:
            if self.lengths is not None:
                padded = longest_of(self.lengths, rows, bounds)
        elif mixed is not None:
            padded = padded[mixed]
        return Plan(
            n=self.n,
            rows=rows,
            bounds=bounds,
            real=real,
            batch_size=self.batch_size,
            tail=self.tail,
            lengths=self.lengths,
            padded_lengths=padded,
            shuffle=self.shuffle,
            number=k,
            remake=None if generator is None else self,
            boundaries=self.boundaries,
        )


def cells(lengths: np.ndarray) -> np.ndarray:
    """Cells of each row: its length, or its height times its width."""
    return lengths if lengths.ndim == 1 else lengths.prod(axis=1)


def batch_index(i: int, batches: int) -> int:
    """Check the index of a batch and return it counted from 0."""
    index = integer("i", i)
    if index < 0:
        index += batches
    if not 0 <= index < batches:
        raise IndexError(f"batch {shown(i)} of a plan with {batches} batches")
    return index


def in_row_order(outputs: Any, places: np.ndarray, count: int, wanted: str, tail: str) -> Any:
    """Check ``outputs`` of `restore`, which must be ``count``, and take each row's from its place.

    A place of -1 is that of a row never seen. The errors say ``wanted`` and ``tail``.
    """
    listed = isinstance(outputs, list)
    outputs = outputs if listed else plain_array("outputs", outputs)
    given = len(outputs) if listed else (outputs.shape[0] if outputs.ndim else 0)
    if given != count:
        raise ValueError(f"outputs: expected one for each of {wanted}, got {given}")
    missing = np.flatnonzero(places < 0)
    if len(missing):
        raise ValueError(
            f"outputs: {len(missing)} of {len(places)} rows were never seen (the first is row "
            f"{missing[0]}), so they have no output; plan with another tail than {tail!r}"
        )
    return [outputs[place] for place in places] if listed else outputs[places]


def total(values: np.ndarray, times: np.ndarray, power: int = 1) -> int:
    """Sum of ``values ** power * times``, exact also where an int64 is too small for it."""
    if int(values.max()) ** power * int(times.sum()) < 2**63:
        return int(values**power @ times)
    return sum(
        value**power * time for value, time in zip(values.tolist(), times.tolist(), strict=True)
    )
