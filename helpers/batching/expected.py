"""What batches of rows as they come cost on average, without a single shuffle."""

from collections.abc import Sequence

import numpy as np

from helpers.arguments import choice, integer
from helpers.batching.checks import COSTS, MOST, one_axis
from helpers.batching.ladders import histogram


def expected_cost(lengths: Sequence[int] | np.ndarray, batch_size: int, kind: str) -> float:
    """Say what `fixed` costs on average over all orders of the rows, its smaller last batch kept.

    No order is drawn: it comes from the distribution of the longest of ``b`` rows drawn without
    replacement. If ``m`` of the ``n`` rows have at most length ``v``, that one has at most length
    ``v`` with probability ``C(m, b) / C(n, b)``, a product of ``n - m`` fractions.

    Args:
        lengths: Length of each row, ``n`` integers from 0.
        batch_size: Rows in a batch, at least 1.
        kind: ``"steps"``, ``"linear"`` or ``"quadratic"``: see `Plan.cost`.

    Returns:
        The expected cost of an epoch.

    Raises:
        TypeError: An argument is not of the type above.
        ValueError: No rows, a negative length, heights and widths, ``batch_size`` out of range or
            an unknown ``kind``.

    Example:
        >>> round(expected_cost([1, 2, 3], 2, "steps"), 3)  # the mean of 3 + 1, 3 + 2 and 2 + 3
        4.667
    """
    values, counts = histogram(one_axis(lengths))
    batch_size = integer("batch_size", batch_size, minimum=1, maximum=MOST)
    choice("kind", kind, COSTS)
    n = int(counts.sum())
    prices = values.astype(float) ** (2 if kind == "quadratic" else 1)
    full, rest = divmod(n, batch_size)
    costs = [
        times * (1 if kind == "steps" else rows) * _mean_of_longest(prices, counts, rows)
        for times, rows in ((full, batch_size), (1, rest))
        if times and rows
    ]
    return float(sum(costs))


def _mean_of_longest(prices: np.ndarray, counts: np.ndarray, rows: int) -> float:
    """Mean price of the longest of ``rows`` rows, of which there are ``counts`` of each price."""
    n, at_most = int(counts.sum()), np.cumsum(counts)[:-1]
    # C(m, rows) / C(n, rows) for m = n, n - 1, ..., rows: from m to m - 1 times (m - rows) / m.
    m = np.arange(n, rows, -1, dtype=float)
    chances = np.ones(n - rows + 1)
    np.cumprod((m - rows) / m, out=chances[1:])
    below = np.where(at_most >= rows, chances.take(n - at_most, mode="clip"), 0.0)
    return float(prices[-1] - np.diff(prices) @ below)
