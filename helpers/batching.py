"""Plans: which rows share a batch, what happens to the last one, and what that costs.

A plan is made before any data is touched. It knows only how many rows there are and, if you give
them, how long each row is. From that it says which row stands in which slot of which batch, which
rows an epoch never shows or shows twice, and how much of what the model computes is padding.

Words: a *slot* is one place in a batch. A *padding slot* fills a batch up to its full size; it
repeats a row of the same batch and has sample weight 0.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

TAILS = ("keep", "drop", "pad", "wrap")


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """One epoch: the rows of every batch, batch after batch.

    Make one with `fixed`. ``len(plan)`` is the number of batches, ``plan[i]`` the int64 row indices
    of batch ``i``, and iterating gives the batches in order. A row index is always valid, also in a
    padding slot: that slot repeats the first row of its batch, because a row of nothing but padding
    can become NaN inside a model, and NaN times weight 0 is still NaN.

    Attributes:
        n: Number of rows that the plan is about.
        rows: int64 ``(slots,)``: the row in each slot, all batches one after the other.
        bounds: int64 ``(batches + 1,)``: batch ``i`` is ``rows[bounds[i]:bounds[i + 1]]``.
        real: bool ``(slots,)``: False in a padding slot.
        batch_size: The size that was asked for; the last batch may be smaller.
        tail: What became of a smaller last batch: keep, drop, pad or wrap.
        lengths: int64 ``(n,)``, the length of each row in tokens (timesteps), or None.
        padded_lengths: int64 ``(batches,)``, the length each batch is padded to, or None.
        shuffle: The seed of the order, or None for row order.
        number: Which epoch this is, from 0.
        remake: Makes the plan of another epoch from its number; None if all epochs are alike.

    Example:
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

    def __post_init__(self) -> None:
        for array in (self.rows, self.bounds, self.real, self.lengths, self.padded_lengths):
            if array is not None:
                array.flags.writeable = False  # batches are views of these

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def _span(self, i: int) -> slice:
        index = operator.index(i)
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(f"batch {i} of a plan with {len(self)} batches")
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
        k = _integer("k", k, minimum=0)
        return self if self.remake is None or k == self.number else self.remake(k)

    @property
    def sizes(self) -> np.ndarray:
        """Slots in each batch, int64 ``(batches,)``, padding slots counted."""
        return np.diff(self.bounds)

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
        """Share of the computed tokens that belong to a row seen for the first time, in (0, 1].

        Computed tokens are slots times padded length. Padding slots, the padding behind a short
        row and the second showing of a row all cost computing and bring no new row, so all three
        lower the share. Without ``lengths`` every row counts as one token.
        """
        first = self._first_slot()
        seen = first >= 0
        if self.lengths is None:
            return float(seen.sum() / len(self.rows))
        computed = int(self.sizes @ self.padded_lengths)
        # Rows of length 0 only: nothing is computed, so nothing is padding.
        return int(self.lengths[seen].sum()) / computed if computed else 1.0

    @property
    def shapes(self) -> tuple[tuple[int, int | None], ...]:
        """The distinct ``(batch, length)`` pairs, sorted; length is None without ``lengths``."""
        sizes = self.sizes.tolist()
        if self.padded_lengths is None:
            return tuple((size, None) for size in sorted(set(sizes)))
        return tuple(sorted(set(zip(sizes, self.padded_lengths.tolist(), strict=True))))

    def restore(self, outputs):
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
            >>> plan = fixed(5, 2, tail="pad")
            >>> plan.restore(np.array([10, 11, 12, 13, 14, 14])).tolist()
            [10, 11, 12, 13, 14]
        """
        listed = isinstance(outputs, list)
        outputs = outputs if listed else np.asarray(outputs)
        count = len(outputs) if listed else (outputs.shape[0] if outputs.ndim else 0)
        if count != len(self.rows):
            raise ValueError(
                f"outputs: expected one for each of the plan's {len(self.rows)} slots, got {count}"
            )
        first = self._first_slot()
        missing = np.flatnonzero(first < 0)
        if len(missing):
            raise ValueError(
                f"outputs: {len(missing)} of {self.n} rows were never seen (the first is row "
                f"{missing[0]}), so they have no output; plan with another tail than {self.tail!r}"
            )
        return [outputs[slot] for slot in first] if listed else outputs[first]

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
        order = "row order" if self.shuffle is None else f"seed {self.shuffle} epoch {self.number}"
        return (
            f"Plan({self.n} rows, {len(self)} batches: {batches}, tail={self.tail!r}, {order}, "
            f"never seen {len(self.never_seen)}, seen twice {len(self.seen_twice)}, "
            f"padding slots {int((~self.real).sum())}, fill {self.fill:.3f})"
        )


def fixed(
    n: int,
    batch_size: int,
    *,
    tail: str = "keep",
    shuffle: int | None = None,
    lengths: Sequence[int] | np.ndarray | None = None,
) -> Plan:
    """Plan batches of one size; ``tail`` says what happens to the rows that are left over.

    ========  ===================================  ============================================
    tail      the last batch                       what it costs
    ========  ===================================  ============================================
    ``keep``  has ``n % batch_size`` rows          a second batch size
    ``drop``  is left out                          ``n % batch_size`` rows are never seen
    ``pad``   is filled with slots of weight 0     slots computed for nothing
    ``wrap``  is filled from the epoch's start     some rows are seen twice
    ========  ===================================  ============================================

    Nothing happens to the tail if ``batch_size`` divides ``n``. Weight 0 takes a padding slot out
    of sums, not out of all that is counted: Keras's weighted metrics are exact, but its default
    loss reduction divides by the slots, so that ``evaluate`` reports ``n / slots`` of the loss of
    the rows; and a layer that computes over the batch (batch normalisation) sees the repeated row.

    Args:
        n: Number of rows, at least 1.
        batch_size: Rows in a batch, at least 1.
        tail: ``"keep"``, ``"drop"``, ``"pad"`` or ``"wrap"``.
        shuffle: None for row order, or a seed (an integer from 0). The order of epoch ``k`` is
            ``numpy.random.default_rng([shuffle, k]).permutation(n)``.
        lengths: Length of each row in tokens (timesteps), ``n`` integers; used for the plan's
            ``fill`` and ``shapes``, never to choose the rows of a batch.

    Returns:
        The plan of epoch 0; ``plan.epoch(k)`` gives the others.

    Raises:
        TypeError: An argument is not of the type above; a bool is not an integer here.
        ValueError: A number is out of range, ``tail`` is unknown, ``lengths`` has the wrong count,
            or ``tail="drop"`` would leave no batch at all.

    Example:
        >>> fixed(105, 32).sizes.tolist()
        [32, 32, 32, 9]
        >>> len(fixed(105, 32, tail="drop").never_seen)
        9
    """
    n = _integer("n", n, minimum=1)
    batch_size = _integer("batch_size", batch_size, minimum=1)
    if not isinstance(tail, str) or tail not in TAILS:
        raise ValueError(f"tail: expected one of {', '.join(map(repr, TAILS))}, got {tail!r}")
    if tail == "drop" and n < batch_size:
        raise ValueError(
            f"tail: 'drop' leaves no batch at all, because n={n} is less than "
            f"batch_size={batch_size}"
        )
    if shuffle is not None:
        shuffle = _integer("shuffle", shuffle, minimum=0)
    if lengths is not None:
        lengths = _row_lengths(lengths, n)
    return _fixed_epoch(n, batch_size, tail, shuffle, lengths, 0)


def lengths(rows: Sequence) -> np.ndarray:
    """Length of every row: the size of its first axis.

    Args:
        rows: List of rows, each an array ``(time, ...)`` or a list; or one array
            ``(rows, time, ...)``.

    Returns:
        int64 ``(n,)``, in timesteps.

    Raises:
        TypeError: ``rows`` is not a sequence (a generator, say), or a row has no length.
        ValueError: There are no rows.

    Example:
        >>> lengths([[1, 2, 3], [4]]).tolist()
        [3, 1]
    """
    if not (isinstance(rows, list | tuple) or (isinstance(rows, np.ndarray) and rows.ndim)):
        raise TypeError(f"rows: expected a list of rows, got {type(rows).__name__}")
    if len(rows) == 0:
        raise ValueError("rows: expected at least one row, got none")
    return np.fromiter((_row_length(i, row) for i, row in enumerate(rows)), np.int64, len(rows))


def _fixed_epoch(
    n: int, batch_size: int, tail: str, shuffle: int | None, lengths: np.ndarray | None, k: int
) -> Plan:
    """Epoch ``k`` of `fixed`; a function of the module, so that a plan can be pickled."""
    order = np.arange(n) if shuffle is None else np.random.default_rng([shuffle, k]).permutation(n)
    missing = -n % batch_size
    full = n + missing
    if tail == "drop":
        rows = order[: n - n % batch_size]
    elif tail == "pad":
        rows = np.concatenate([order, np.full(missing, order[full - batch_size])])
    elif tail == "wrap":
        rows = np.resize(order, full)  # repeats the order if it is shorter than one batch
    else:
        rows = order
    bounds = np.append(np.arange(0, len(rows), batch_size), len(rows))
    real = np.ones(len(rows), dtype=bool)
    if tail == "pad":
        real[n:] = False
    return Plan(
        n=n,
        rows=rows.astype(np.int64, copy=False),
        bounds=bounds.astype(np.int64, copy=False),
        real=real,
        batch_size=batch_size,
        tail=tail,
        lengths=lengths,
        padded_lengths=(
            None if lengths is None else np.maximum.reduceat(lengths[rows], bounds[:-1])
        ),
        shuffle=shuffle,
        number=k,
        remake=(
            None
            if shuffle is None
            else partial(_fixed_epoch, n, batch_size, tail, shuffle, lengths)
        ),
    )


def _integer(name: str, value: int, *, minimum: int) -> int:
    """Return ``value`` as an int, or say what is wrong with the argument ``name``."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected an integer, got {type(value).__name__} {value!r}")
    if value < minimum:
        raise ValueError(f"{name}: expected an integer of at least {minimum}, got {value}")
    return int(value)


def _row_lengths(values: Sequence[int] | np.ndarray, n: int) -> np.ndarray:
    """Check the argument ``lengths`` of a plan and return its own int64 copy."""
    array = np.asarray(values)
    if array.shape != (n,):
        raise ValueError(f"lengths: expected shape ({n},), one per row, got {array.shape}")
    if array.dtype.kind not in "iu":  # a float may be NaN or half a token
        raise TypeError(f"lengths: expected integers, got dtype {array.dtype}")
    if (array < 0).any():
        row = int(np.argmax(array < 0))
        raise ValueError(f"lengths: expected no negative length, got {array[row]} for row {row}")
    return array.astype(np.int64)


def _row_length(i: int, row: object) -> int:
    shape = getattr(row, "shape", None)
    if shape is not None and len(shape):
        return int(shape[0])
    if shape is None and isinstance(row, Sequence) and not isinstance(row, str | bytes):
        return len(row)
    raise TypeError(
        f"rows: expected an array (time, ...) or a list in row {i}, got "
        f"{'a scalar' if shape is not None else type(row).__name__}"
    )
