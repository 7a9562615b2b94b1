"""Policies: which rows share a batch."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from helpers.arguments import choice, integer, seed
from helpers.batching.checks import MOST, TAILS, check_boundaries, row_lengths
from helpers.batching.ladders import histogram
from helpers.batching.order import Deal, deal, longest_first, rows_by, shortness
from helpers.batching.plan import Epochs, Plan, cells


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
    ``even``  is as large as all others            smaller batches; few slots of weight 0
    ========  ===================================  ============================================

    Nothing happens to the tail if ``batch_size`` divides ``n``. The page :doc:`Plans </book/plans>`
    says how ``"even"`` chooses its size and what a slot of weight 0 is still counted in.

    Args:
        n: Number of rows, at least 1.
        batch_size: Rows in a batch, at least 1.
        tail: ``"keep"``, ``"drop"``, ``"pad"``, ``"wrap"`` or ``"even"``.
        shuffle: None for row order, or a seed (an integer from 0). The order of epoch ``k`` is
            ``numpy.random.default_rng([shuffle, k]).permutation(n)``.
        lengths: Length of each row in tokens (timesteps), ``n`` integers; or ``(n, 2)``, its
            height and width. Used for ``fill`` and ``shapes``, never to choose a batch's rows.

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
    n = integer("n", n, minimum=1, maximum=MOST)
    batch_size = integer("batch_size", batch_size, minimum=1, maximum=MOST)
    choice("tail", tail, TAILS)
    shuffle = seed(shuffle)
    return Epochs(
        order=partial(_row_order, n),
        deal=_one_group(n, batch_size, tail),
        n=n,
        batch_size=batch_size,
        tail=tail,
        shuffle=shuffle,
        lengths=None if lengths is None else row_lengths(lengths, n),
        mixed=False,
    )(0)


def bucketed(
    lengths: Sequence[int] | Sequence[Sequence[int]] | np.ndarray,
    batch_size: int,
    boundaries: Sequence[int] | Sequence[Sequence[int]] | np.ndarray,
    *,
    tail: str = "keep",
    most_cells: int | None = None,
    shuffle: int | None = None,
) -> Plan:
    """Plan batches of rows of about one length, and pad each batch to one of a few lengths.

    Rows of at most the first boundary share batches, then rows of at most the second, and so on.
    Every batch of a bucket is padded to the bucket's boundary, not to its own longest row, so that
    a model meets at most one shape for each boundary and batch size, in every epoch. If rows vary
    on two axes, a row goes to the boundary of the smallest area that holds it (or the first such).

    The tail is that of each bucket (see `fixed`): ``"drop"`` leaves out a whole bucket that has
    fewer rows than a batch, and ``"even"`` gives each bucket a batch size of its own, so that there
    is one shape for each boundary in use. More is on the page :doc:`Plans </book/plans>`.

    Args:
        lengths: Length of each row, ``n`` integers from 0; or ``(n, 2)``, its height and width.
        batch_size: Rows in a batch, at least 1.
        boundaries: The lengths to pad to, integers from 1 in increasing order; or, for ``(n, 2)``
            lengths, ``(buckets, 2)``, heights and widths in any order. The last one, or one of the
            pairs, must hold the longest row. A boundary that no row goes to makes no batch.
        tail: ``"keep"``, ``"drop"``, ``"pad"``, ``"wrap"`` or ``"even"``, in each bucket.
        most_cells: None, or the cells that a batch may hold, padding counted: batches of a bucket
            then have at most ``most_cells // boundary`` rows.
        shuffle: None for the buckets one after the other, each in row order: right to predict. To
            train, a seed (an integer from 0), which draws the order of the rows and of the batches
            of each epoch. Its shapes are those of epoch 0.

    Returns:
        The plan of epoch 0; ``plan.epoch(k)`` gives the others.

    Raises:
        TypeError: An argument is not of the type above; a bool is not an integer here.
        ValueError: No rows, a negative length, a row that fits no boundary; boundaries that do not
            increase, are there twice, are more than ``most_cells`` or have other axes than
            ``lengths``; a number out of range, an unknown ``tail``, or ``"drop"`` leaves no batch.

    Example:
        >>> plan = bucketed([3, 9, 1, 4, 10, 2], 2, [4, 10])
        >>> [batch.tolist() for batch in plan], plan.padded_lengths.tolist()
        ([[0, 2], [3, 5], [1, 4]], [4, 4, 10])
        >>> bucketed([(28, 30), (20, 90), (28, 84)], 2, [(28, 32), (28, 96)]).shapes
        ((1, 28, 32), (2, 28, 96))
    """
    lengths = row_lengths(lengths)
    batch_size = integer("batch_size", batch_size, minimum=1, maximum=MOST)
    boundaries = check_boundaries(boundaries, lengths)
    choice("tail", tail, TAILS)
    sizes = np.full(len(boundaries), batch_size)
    if most_cells is not None:
        most_cells = integer("most_cells", most_cells, minimum=1, maximum=2**63 - 1)
        sizes = np.minimum(sizes, most_cells // cells(boundaries))
    return _in_buckets(lengths, boundaries, sizes, batch_size, tail, seed(shuffle), most_cells)


def grouped(
    lengths: Sequence[int] | Sequence[Sequence[int]] | np.ndarray,
    batch_size: int,
    *,
    window: int | None = 50,
    tail: str = "keep",
    shuffle: int | None = None,
) -> Plan:
    """Plan batches of rows of about one length, and pad each batch to its own longest row.

    The rows, in row order or shuffled, are cut in windows of ``window`` batches. Each window is
    sorted, longest row first, and cut in batches. So there is little padding without a choice of
    boundaries, but nearly every batch has a length of its own: a model that compiles for each
    shape had better get `bucketed`.

    A small ``window`` pads more and mixes better; with ``window=None`` nearly the same rows share a
    batch in every epoch. Rows that vary on two axes are sorted by area, and a batch is padded to
    its largest height and its largest width. More is on the page :doc:`Plans </book/plans>`.

    Args:
        lengths: Length of each row, ``n`` integers from 0; or ``(n, 2)``, its height and width.
        batch_size: Rows in a batch, at least 1.
        window: Batches in a window, at least 1; None sorts all rows at once.
        tail: What happens to the smaller last batch of the epoch (before batches are mixed), which
            has the shortest rows of the last window: see `fixed`.
        shuffle: None for row order, or a seed (an integer from 0), which draws the order of the
            rows and of the batches of each epoch.

    Returns:
        The plan of epoch 0; ``plan.epoch(k)`` gives the others, whose padded lengths differ.

    Raises:
        TypeError: An argument is not of the type above; a bool is not an integer here.
        ValueError: No rows, a negative length, a number out of range, an unknown ``tail``, or
            ``tail="drop"`` would leave no batch at all.

    Source: Transformers, ``get_length_grouped_indices`` in ``trainer_pt_utils.py``.

    Example:
        >>> plan = grouped([3, 9, 1, 4, 10, 2], 2, window=None)
        >>> [batch.tolist() for batch in plan], plan.padded_lengths.tolist()
        ([[4, 1], [3, 0], [5, 2]], [10, 4, 2])
        >>> [batch.tolist() for batch in grouped([3, 9, 1, 4, 10, 2], 1, window=3)]
        [[1], [0], [2], [4], [3], [5]]
    """
    lengths = row_lengths(lengths)
    batch_size = integer("batch_size", batch_size, minimum=1, maximum=MOST)
    if window is not None:
        window = integer("window", window, minimum=1)
    choice("tail", tail, TAILS)
    shuffle = seed(shuffle)
    dealt = _one_group(len(lengths), batch_size, tail)
    width = None if window is None else window * int(dealt.sizes[0])
    return Epochs(
        order=partial(longest_first, *shortness(cells(lengths)), width),
        deal=dealt,
        n=len(lengths),
        batch_size=batch_size,
        tail=tail,
        shuffle=shuffle,
        lengths=lengths,
    )(0)


def token_budget(
    lengths: Sequence[int] | Sequence[Sequence[int]] | np.ndarray,
    budget: int,
    *,
    boundaries: Sequence[int] | Sequence[Sequence[int]] | np.ndarray | None = None,
    tail: str = "keep",
    shuffle: int | None = None,
) -> Plan:
    """Plan batches of as many rows as fit: rows times padded length is at most ``budget``.

    So a batch costs about the same, and takes the same memory, whether its rows are short or long.
    Without ``boundaries`` the rows are sorted, longest first. A batch takes rows until one more
    would exceed the budget, and is padded to its own longest row; nearly every batch has a shape of
    its own. With ``boundaries`` the plan is `bucketed`, and the batch size of a bucket is
    ``budget // boundary``: few shapes, for a model that compiles each.

    A batch of many short rows takes as large a step of the optimiser as one of a few long rows:
    a row counts for less the shorter it is. Without ``boundaries``, and but for rows of equal
    length, the same rows share a batch in every epoch. More: :doc:`Plans </book/plans>`.

    Args:
        lengths: Length of each row, ``n`` integers from 0. With ``boundaries`` also ``(n, 2)``, its
            height and width.
        budget: Cells in a batch, padding counted, at least 1.
        boundaries: None, or the lengths to pad to, as in `bucketed`.
        tail: With ``boundaries``, what happens to the smaller last batch of each bucket: see
            `bucketed`. Without, batches have no common size and only ``"keep"`` has a meaning.
        shuffle: None, or a seed (an integer from 0), which draws for each epoch the order of rows
            of one length (or of one bucket) and of the batches. Its shapes are those of epoch 0.

    Returns:
        The plan of epoch 0; ``plan.epoch(k)`` gives the others. Its ``batch_size`` is the size of
        its largest batch.

    Raises:
        TypeError: An argument is not of the type above; a bool is not an integer here.
        ValueError: A row, or the boundary it is padded to, is longer than the budget; ``tail``
            makes no sense without ``boundaries``; or what `bucketed` refuses.

    Example:
        >>> plan = token_budget([3, 9, 1, 4, 10, 2], 10)
        >>> [batch.tolist() for batch in plan], plan.cost("linear")
        ([[4], [1], [3, 0], [5, 2]], 31)
        >>> token_budget([3, 9, 1, 4, 10, 2], 20, boundaries=[4, 10]).shapes
        ((2, 10), (4, 4))
    """
    lengths = row_lengths(lengths)
    budget = integer("budget", budget, minimum=1, maximum=2**63 - 1)
    choice("tail", tail, TAILS)
    shuffle = seed(shuffle)
    if boundaries is not None:
        boundaries = check_boundaries(boundaries, lengths)
        sizes = budget // cells(boundaries)
        return _in_buckets(lengths, boundaries, sizes, None, tail, shuffle, budget)
    if tail != "keep":
        raise ValueError(
            f"tail: expected 'keep' without boundaries, because batches have no common size then, "
            f"got {tail!r}"
        )
    if lengths.ndim > 1:
        raise ValueError(
            f"lengths: expected shape (n,) without boundaries, because the largest height and the "
            f"largest width of a batch may be those of two rows, got {lengths.shape}"
        )
    longest = int(lengths.max())
    if longest > budget:
        row = int(np.argmax(lengths > budget))
        raise ValueError(
            f"lengths: row {row} has length {lengths[row]}, more than the budget, {budget}; "
            f"{int((lengths > budget).sum())} of {len(lengths)} rows are too long, and the longest "
            f"row has length {longest}"
        )
    sizes, padded = _budget_sizes(lengths, budget)
    return Epochs(
        order=partial(longest_first, *shortness(lengths), None),
        deal=deal(sizes, sizes, tail),  # one group for each batch
        n=len(lengths),
        batch_size=int(sizes.max()),
        tail=tail,
        shuffle=shuffle,
        lengths=lengths,
        padded_lengths=padded,
    )(0)


def _row_order(n: int, generator: np.random.Generator | None) -> np.ndarray:
    return np.arange(n) if generator is None else generator.permutation(n)


def _one_group(n: int, batch_size: int, tail: str) -> Deal:
    if tail == "drop" and n < batch_size:
        raise ValueError(
            f"tail: 'drop' leaves no batch at all, because n={n} is less than "
            f"batch_size={batch_size}"
        )
    return deal(np.array([n]), np.array([batch_size]), tail)


def _in_buckets(
    lengths: np.ndarray,
    boundaries: np.ndarray,
    sizes: np.ndarray,
    batch_size: int | None,
    tail: str,
    shuffle: int | None,
    budget: int | None = None,
) -> Plan:
    """Plan buckets with a batch size each; of a ``budget`` alone, if ``batch_size`` is None."""
    buckets = buckets_of(lengths, boundaries)
    counts = np.bincount(buckets, minlength=len(boundaries))
    limit = f"{'the budget' if batch_size is None else 'most_cells'}, {budget}"
    if budget is not None and counts[sizes == 0].any():
        row = int(np.argmax((sizes == 0)[buckets]))
        raise ValueError(
            f"boundaries: row {row} is padded to {boundaries[buckets[row]].tolist()}, more than "
            f"{limit}"
        )
    sizes = np.maximum(sizes, 1)  # of a bucket without rows
    if tail == "drop" and (counts < sizes).all():
        most = int(counts.max())
        raise ValueError(
            f"tail: 'drop' leaves no batch at all, because no bucket has more than {most} rows, "
            f"less than batch_size={batch_size}"
            if budget is None
            else f"tail: 'drop' leaves no batch at all, because no bucket has as many rows as fit "
            f"in {limit}"
        )
    dealt = deal(counts, sizes, tail)
    return Epochs(
        order=partial(rows_by, buckets, len(boundaries) - 1),
        deal=dealt,
        n=len(lengths),
        batch_size=int(dealt.sizes.max()) if batch_size is None else batch_size,
        tail=tail,
        shuffle=shuffle,
        lengths=lengths,
        padded_lengths=boundaries[dealt.groups],
        boundaries=boundaries,
    )(0)


def _budget_sizes(lengths: np.ndarray, budget: int) -> tuple[np.ndarray, np.ndarray]:
    """Size of each batch within the budget, longest rows first, and the length of its longest."""
    n = len(lengths)
    values, counts = histogram(lengths)
    values, ends = values[::-1], np.cumsum(counts[::-1])
    fit = np.minimum(budget // np.maximum(values, 1), n)
    # Rows that as many fit of are dealt out together, however many batches they make.
    last = np.flatnonzero(np.diff(fit, append=0))
    runs, done = [], 0
    for size, end in zip(fit[last].tolist(), ends[last].tolist(), strict=True):
        runs.append(-(-(end - done) // size))  # 0 if the batch before took them all
        done += runs[-1] * size
    sizes = np.repeat(fit[last], runs)
    sizes[-1] -= done - n
    starts = np.cumsum(sizes) - sizes
    return sizes, values[np.searchsorted(ends, starts, side="right")]


def buckets_of(lengths: np.ndarray, boundaries: np.ndarray) -> np.ndarray:
    """Return the index of the boundary that each row is padded to.

    Of several that hold an image it is the one of fewest cells, and of those the first.

    Args:
        lengths: int64 ``(n,)``, or ``(n, 2)`` for heights and widths.
        boundaries: int64 ``(buckets,)``, increasing; or ``(buckets, 2)``, in any order.

    Returns:
        Unsigned integers ``(n,)``, of the smallest dtype that holds the number of buckets.

    Raises:
        ValueError: A row fits no boundary; the message names it.
    """
    dtype = np.min_scalar_type(len(boundaries))
    if lengths.ndim == 1:
        longest = int(lengths.max())
        if longest < len(lengths):  # look up, in a table no larger than the lengths
            table = np.searchsorted(boundaries, np.arange(longest + 1)).astype(dtype)
            buckets = table.take(lengths)
        else:
            buckets = np.searchsorted(boundaries, lengths).astype(dtype)
        fits = longest <= boundaries[-1]
    else:
        buckets = np.full(len(lengths), len(boundaries), dtype)
        heights, widths = lengths.T
        for index in np.argsort(cells(boundaries), kind="stable")[::-1]:
            height, width = boundaries[index]
            buckets[(heights <= height) & (widths <= width)] = index
        fits = buckets.max() < len(boundaries)
    if not fits:
        fits = buckets < len(boundaries)
        row = int(np.argmin(fits))
        largest = boundaries[np.argmax(cells(boundaries))].tolist()
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
