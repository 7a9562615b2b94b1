"""What the tests of plans share: who is shown how often, and a plan of every policy."""

from collections import Counter

from hypothesis import strategies as st

from helpers.batching import bucketed, fixed, grouped, token_budget

LADDER = [3, 8, 20, 50]
WHOLE = ("keep", "pad", "even")  # tails that show every row once
orders = st.none() | st.integers(0, 2**32)
EXAMPLES = {
    "fixed": lambda rows, **options: fixed(len(rows), 8, lengths=rows, **options),
    "bucketed": lambda rows, **options: bucketed(rows, 8, [20, 60, 100], **options),
    "grouped": lambda rows, **options: grouped(rows, 8, window=5, **options),
    "sorted": lambda rows, **options: grouped(rows, 8, window=None, **options),
    "budget": lambda rows, **options: token_budget(rows, 300, **options),
    "ladder": lambda rows, **options: token_budget(rows, 300, boundaries=[20, 100], **options),
}


def shown(plan):
    """Count how often each row is shown, from the batches and weights that a model would get."""
    counts = Counter()
    for i, batch in enumerate(plan):
        for row, weight in zip(batch.tolist(), plan.weights(i).tolist(), strict=True):
            counts[row] += weight
    return counts
