"""Plans: which rows share a batch, what happens to the last one, and what that costs.

A plan is made before any data is touched. It knows only how many rows there are and, if you give
them, how long each row is. From that it says which row stands in which slot of which batch, which
rows an epoch never shows or shows twice, and how much of what the model computes is padding.
`fixed` plans batches of rows as they come; `bucketed` plans batches of rows of about one length.

Words: a *slot* is one place in a batch. A *padding slot* fills a batch up to its full size; it
repeats a row of the same batch and has sample weight 0. A row may vary on one axis (a sequence has
a length) or on two (an image has a height and a width); where both are meant, this module says
length. A *cell* is a timestep of a sequence or a pixel of an image.
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

    Make one with `fixed` or `bucketed`. ``len(plan)`` is the number of batches, ``plan[i]`` the
    int64 row indices of batch ``i``, and iterating gives the batches in order. A row index is
    always valid, also in a padding slot: that slot repeats the first row of its batch, because a
    row of nothing but padding can become NaN inside a model, and NaN times weight 0 is still NaN.

    Attributes:
        n: Number of rows that the plan is about.
        rows: int64 ``(slots,)``: the row in each slot, all batches one after the other.
        bounds: int64 ``(batches + 1,)``: batch ``i`` is ``rows[bounds[i]:bounds[i + 1]]``.
        real: bool ``(slots,)``: False in a padding slot.
        batch_size: The size that was asked for; the last batch (of each bucket) may be smaller.
        tail: What became of a smaller last batch: keep, drop, pad or wrap.
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
        computed = int(self.sizes @ _cells(self.padded_lengths))
        # Rows of length 0 only: nothing is computed, so nothing is padding.
        return int(_cells(self.lengths)[seen].sum()) / computed if computed else 1.0

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
        lengths: Length of each row in tokens (timesteps), ``n`` integers; or ``(n, 2)``, its
            height and width. Used for the plan's ``fill`` and ``shapes``, never to choose the rows
            of a batch.

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
    _check_tail(tail)
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


def bucketed(
    lengths: Sequence[int] | Sequence[Sequence[int]] | np.ndarray,
    batch_size: int,
    boundaries: Sequence[int] | Sequence[Sequence[int]] | np.ndarray,
    *,
    tail: str = "keep",
    shuffle: int | None = None,
) -> Plan:
    """Plan batches of rows of about one length, and pad each batch to one of a few lengths.

    Rows of at most the first boundary share batches, then rows of at most the second, and so on.
    Every batch of a bucket is padded to the bucket's boundary, not to its own longest row, so that
    a model meets at most one shape for each boundary and batch size, in every epoch.

    If rows vary on two axes, a boundary is a height and a width, and a row goes to the boundary of
    the smallest area that holds it (of equal ones, to the first).

    The tail is that of each bucket: ``"keep"`` leaves a smaller last batch in each, ``"drop"``
    leaves out up to ``batch_size - 1`` rows of each (all of a bucket that has fewer rows than a
    batch), ``"pad"`` fills it with slots of weight 0, ``"wrap"`` from the bucket's start. See
    `fixed` for what each costs.

    Without ``shuffle`` the buckets come in the order of ``boundaries`` and each holds its rows in
    row order: right to evaluate and predict. To train, shuffle: a model that sees all short rows
    before the long ones sees another problem at the end of an epoch than at its start.

    Args:
        lengths: Length of each row, ``n`` integers from 0; or ``(n, 2)``, its height and width.
        batch_size: Rows in a batch, at least 1.
        boundaries: The lengths to pad to, integers from 1 in increasing order; or, for ``(n, 2)``
            lengths, ``(buckets, 2)``, heights and widths in any order. The last one, or one of the
            pairs, must hold the longest row. A boundary that no row goes to makes no batch.
        tail: ``"keep"``, ``"drop"``, ``"pad"`` or ``"wrap"``, in each bucket.
        shuffle: None for buckets one after the other, or a seed (an integer from 0). Epoch ``k``
            draws from ``numpy.random.default_rng([shuffle, k])`` the order of the rows, which each
            bucket keeps, and then the order of the batches. Its shapes are those of epoch 0.

    Returns:
        The plan of epoch 0; ``plan.epoch(k)`` gives the others.

    Raises:
        TypeError: An argument is not of the type above; a bool is not an integer here.
        ValueError: No rows, a negative length, a row that fits no boundary; boundaries that do not
            increase, are there twice or have another number of axes than ``lengths``; a number out
            of range, an unknown ``tail``, or ``tail="drop"`` would leave no batch at all.

    Example:
        >>> plan = bucketed([3, 9, 1, 4, 10, 2], 2, [4, 10])
        >>> [batch.tolist() for batch in plan], plan.padded_lengths.tolist()
        ([[0, 2], [3, 5], [1, 4]], [4, 4, 10])
        >>> bucketed([(28, 30), (20, 90), (28, 84)], 2, [(28, 32), (28, 96)]).shapes
        ((1, 28, 32), (2, 28, 96))
    """
    lengths = _row_lengths(lengths)
    batch_size = _integer("batch_size", batch_size, minimum=1)
    boundaries = _boundaries(boundaries, lengths)
    _check_tail(tail)
    if shuffle is not None:
        shuffle = _integer("shuffle", shuffle, minimum=0)
    buckets = _buckets(lengths, boundaries)
    if tail == "drop":
        most = int(np.bincount(buckets).max())
        if most < batch_size:
            raise ValueError(
                f"tail: 'drop' leaves no batch at all, because no bucket has more than {most} "
                f"rows, less than batch_size={batch_size}"
            )
    return _bucketed_epoch(batch_size, tail, shuffle, lengths, boundaries, buckets, 0)


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
    rows, real, sizes = _deal(order, batch_size, tail)
    bounds = _bounds(sizes)
    return Plan(
        n=n,
        rows=rows,
        bounds=bounds,
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


def _bucketed_epoch(
    batch_size: int,
    tail: str,
    shuffle: int | None,
    lengths: np.ndarray,
    boundaries: np.ndarray,
    buckets: np.ndarray,
    k: int,
) -> Plan:
    """Epoch ``k`` of `bucketed`; ``buckets`` is the index of each row's boundary."""
    n = len(lengths)
    if shuffle is None:
        order = np.argsort(buckets, kind="stable")
    else:
        generator = np.random.default_rng([shuffle, k])
        order = generator.permutation(n)
        order = order[np.argsort(buckets[order], kind="stable")]
    counts = np.bincount(buckets, minlength=len(boundaries))
    groups = np.split(order, np.cumsum(counts)[:-1])
    rows, real, sizes = map(
        np.concatenate, zip(*(_deal(group, batch_size, tail) for group in groups), strict=True)
    )
    bounds = _bounds(sizes)
    if shuffle is not None:  # move whole batches: each slot goes with its batch's start
        batches = generator.permutation(len(sizes))
        starts, sizes = bounds[:-1][batches], sizes[batches]
        bounds = _bounds(sizes)
        slots = np.arange(len(rows)) + np.repeat(starts - bounds[:-1], sizes)
        rows, real = rows[slots], real[slots]
    return Plan(
        n=n,
        rows=rows,
        bounds=bounds,
        real=real,
        batch_size=batch_size,
        tail=tail,
        lengths=lengths,
        padded_lengths=boundaries[buckets[rows[bounds[:-1]]]],
        shuffle=shuffle,
        number=k,
        remake=(
            None
            if shuffle is None
            else partial(_bucketed_epoch, batch_size, tail, shuffle, lengths, boundaries, buckets)
        ),
        boundaries=boundaries,
    )


def _deal(order: np.ndarray, batch_size: int, tail: str) -> tuple[np.ndarray, ...]:
    """Deal rows out in batches: the row of each slot, whether it is real, each batch's size."""
    n = len(order)
    missing = -n % batch_size
    full = n + missing
    if tail == "drop":
        rows = order[: n - n % batch_size]
    elif tail == "pad" and missing:
        rows = np.concatenate([order, np.full(missing, order[full - batch_size])])
    elif tail == "wrap":
        rows = np.resize(order, full)  # repeats the order if it is shorter than one batch
    else:
        rows = order
    real = np.ones(len(rows), dtype=bool)
    real[n:] = tail != "pad"
    starts = np.arange(0, len(rows), batch_size, dtype=np.int64)
    sizes = np.minimum(batch_size, len(rows) - starts)
    return rows.astype(np.int64, copy=False), real, sizes


def _bounds(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64, copy=False)


def _cells(lengths: np.ndarray) -> np.ndarray:
    """Cells of each row: its length, or its height times its width."""
    return lengths if lengths.ndim == 1 else lengths.prod(axis=1)


def _buckets(lengths: np.ndarray, boundaries: np.ndarray) -> np.ndarray:
    """Index of the boundary that each row goes to, or an error that names a row without one."""
    # int16 where it is enough: NumPy sorts it by counting, ten times as fast.
    dtype = np.int16 if len(boundaries) < np.iinfo(np.int16).max else np.int64
    if lengths.ndim == 1:
        buckets = np.searchsorted(boundaries, lengths).astype(dtype)
        fits = buckets < len(boundaries)
    else:
        buckets = np.full(len(lengths), -1, dtype)
        heights, widths = lengths.T
        for index in np.argsort(_cells(boundaries), kind="stable")[::-1]:
            height, width = boundaries[index]
            buckets[(heights <= height) & (widths <= width)] = index
        fits = buckets >= 0
    if not fits.all():
        row = int(np.argmin(fits))
        largest = boundaries[np.argmax(_cells(boundaries))].tolist()
        if lengths.ndim == 1:
            raise ValueError(
                f"lengths: row {row} has length {lengths[row]}, more than the largest boundary, "
                f"{largest}; {int((~fits).sum())} of {len(lengths)} rows are too long, and the "
                f"longest row has length {lengths.max()}"
            )
        raise ValueError(
            f"lengths: row {row} has height and width {tuple(lengths[row].tolist())} and fits no "
            f"boundary, the largest is {tuple(largest)}; {int((~fits).sum())} of {len(lengths)} "
            f"rows fit none, and {tuple(lengths.max(axis=0).tolist())} would hold every row"
        )
    return buckets


def _check_tail(tail: str) -> None:
    if not isinstance(tail, str) or tail not in TAILS:
        raise ValueError(f"tail: expected one of {', '.join(map(repr, TAILS))}, got {tail!r}")


def _integer(name: str, value: int, *, minimum: int) -> int:
    """Return ``value`` as an int, or say what is wrong with the argument ``name``."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected an integer, got {type(value).__name__} {value!r}")
    if value < minimum:
        raise ValueError(f"{name}: expected an integer of at least {minimum}, got {value}")
    return int(value)


def _integers(name: str, values: object) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:  # a list of lists of different lengths
        raise ValueError(f"{name}: expected one array of integers, got {error}") from None


def _row_lengths(values: Sequence | np.ndarray, n: int | None = None) -> np.ndarray:
    """Check the argument ``lengths`` of a plan and return its own int64 copy."""
    array = _integers("lengths", values)
    if n is None:
        if array.ndim and len(array) == 0:
            raise ValueError("lengths: expected at least one row, got none")
        n = len(array) if array.ndim else "n"
    if array.shape not in ((n,), (n, 2)):
        raise ValueError(
            f"lengths: expected shape ({n},) or ({n}, 2), one per row, got {array.shape}"
        )
    if array.dtype.kind not in "iu":  # a float may be NaN or half a token
        raise TypeError(f"lengths: expected integers, got dtype {array.dtype}")
    if (array < 0).any():
        row = int(np.argmax((array < 0).reshape(len(array), -1).any(axis=1)))
        raise ValueError(
            f"lengths: expected no negative length, got {array[row].tolist()} for row {row}"
        )
    return array.astype(np.int64)


def _boundaries(values: Sequence | np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Check the argument ``boundaries`` of a plan and return its own int64 copy."""
    array = _integers("boundaries", values)
    if array.ndim and len(array) == 0:
        raise ValueError("boundaries: expected at least one, got none")
    if array.shape[1:] != lengths.shape[1:] or array.ndim == 0:
        expected = "(buckets,), one length each" if lengths.ndim == 1 else "(buckets, 2)"
        raise ValueError(
            f"boundaries: expected shape {expected}, because lengths has shape {lengths.shape}, "
            f"got {array.shape}"
        )
    if array.dtype.kind not in "iu":
        raise TypeError(f"boundaries: expected integers, got dtype {array.dtype}")
    if (array < 1).any():
        raise ValueError(f"boundaries: expected at least 1, got {array.min()}")
    _, first, counts = np.unique(array, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        again = array[first[np.argmax(counts)]].tolist()
        raise ValueError(f"boundaries: expected each one once, got {again} more than once")
    if array.ndim == 1 and (np.diff(array.astype(np.int64)) < 0).any():
        index = int(np.argmax(np.diff(array.astype(np.int64)) < 0))
        raise ValueError(
            f"boundaries: expected increasing lengths, got {array[index + 1]} after {array[index]}"
        )
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
