"""Policies at their limits: ends of blocks, many epochs, huge lengths, and what they refuse."""

import tracemalloc

import numpy as np
import pytest
from batch_plans import EXAMPLES, LADDER, WHOLE, orders, shown
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.batching import TAILS, bucketed, fixed, grouped, ladder, order, recommend, token_budget
from helpers.batching.order import rows_by
from helpers.data import random_lengths

# Batches are dealt out in blocks of slots; near a multiple of a block they once went wrong.
BLOCK = order._BLOCK
near_blocks = st.builds(lambda m, d: m * BLOCK + d, st.integers(1, 3), st.integers(-40, 40))


@given(
    n=near_blocks,
    size=st.integers(1, 100) | st.integers(BLOCK - 9, 2 * BLOCK + 9),
    policy=st.sampled_from(["fixed", "bucketed", "grouped", "budget"]),
    tail=st.sampled_from(WHOLE),
    shuffle=orders,
    k=st.integers(0, 3),
)
@settings(max_examples=40)
def test_every_row_is_shown_once_where_a_block_ends_in_the_last_batch(
    n, size, policy, tail, shuffle, k
):
    rows = np.arange(n) % 50 + 1
    if policy == "fixed":
        plan = fixed(n, size, tail=tail, lengths=rows, shuffle=shuffle)
    elif policy == "bucketed":
        plan = bucketed(rows, size, LADDER, tail=tail, shuffle=shuffle)
    elif policy == "grouped":
        plan = grouped(rows, size, tail=tail, shuffle=shuffle)
    else:
        plan = token_budget(rows, 50 * size, shuffle=shuffle)
    plan = plan.epoch(k)
    assert np.bincount(plan.rows[plan.real], minlength=n).tolist() == [1] * n
    assert plan.bounds[-1] == len(plan.rows)
    longest = [rows[batch].max() for batch in plan]
    assert (np.asarray(longest) <= plan.padded_lengths).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: fixed(BLOCK + 1, 10, tail="pad"),
        lambda: grouped(np.full(BLOCK + 1, 7), 10, shuffle=0),
        lambda: recommend(np.arange(1, BLOCK + 2) % 50 + 1, batch_size=10).plan,
    ],
    ids=["fixed", "grouped", "recommend"],
)
def test_a_last_batch_that_holds_the_end_of_a_block_is_a_batch(make):
    plan = make()
    assert np.bincount(plan.rows[plan.real], minlength=BLOCK + 1).tolist() == [1] * (BLOCK + 1)


def test_a_token_budget_lasts_for_150_epochs():
    rows = random_lengths(100_000, mean=60, maximum=512)
    plan = token_budget(rows, 65_536, boundaries=ladder(rows, 8), shuffle=0)
    for k in range(150):
        epoch = plan.epoch(k)
        assert np.bincount(epoch.rows[epoch.real], minlength=len(rows)).max() == 1
        assert epoch.real.sum() == len(rows)


@pytest.mark.parametrize("policy", EXAMPLES)
@pytest.mark.parametrize("shuffle", [None, 0])
def test_one_row(policy, shuffle):
    plan = EXAMPLES[policy]([7], shuffle=shuffle)
    assert [batch.tolist() for batch in plan] == [[0]]
    assert plan.cost("steps") == (7 if plan.boundaries is None else 20)


def test_lengths_up_to_two_to_the_40_need_no_table():
    n, longest = 30_000, 2**40
    rows = np.random.default_rng(0).integers(1, longest, n)
    rows[:100] = longest  # rows of one length
    ladder = [2**30, 2**38, 2**39, longest]
    for make in (
        lambda: bucketed(rows, 32, ladder, tail="even", shuffle=0),
        lambda: grouped(rows, 32, shuffle=0),
        lambda: grouped(rows, 32, window=None, shuffle=0),
        lambda: token_budget(rows, 2**45, shuffle=0),
        lambda: token_budget(rows, 2**45, boundaries=ladder, tail="even", shuffle=0),
    ):
        tracemalloc.start()
        plan = make()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100 * n
        assert shown(plan) == dict.fromkeys(range(n), 1)
        held = [int(rows[batch].max()) for batch in plan]
        padded = plan.padded_lengths.tolist()
        assert padded == [min(b for b in ladder if b >= m) for m in held] or padded == held
        pairs = list(zip(plan.sizes.tolist(), padded, strict=True))
        assert plan.cost("quadratic") == sum(size * length**2 for size, length in pairs) > 2**64
        assert plan.fill == sum(rows.tolist()) / sum(size * length for size, length in pairs)


def test_lengths_that_fill_64_bits():
    rows = [2**62, 5, 2**63 - 1, 2**62, 7, 2**62]
    plan = grouped(rows, 1, window=4)
    assert plan.rows.tolist() == [2, 0, 3, 1, 5, 4]
    assert plan.cost("linear") == sum(rows) > 2**63
    assert plan.fill == 1
    shuffled = grouped(rows, 1, window=None, shuffle=0)
    assert sorted(shuffled.rows.tolist()) == list(range(6))
    assert token_budget(rows, 2**63 - 1).sizes.tolist() == [1, 1, 1, 1, 2]


@pytest.mark.parametrize("n", [1, 2, 255, 256, 257, 70_000])
@pytest.mark.parametrize("bits", [0, 3, 12, 20, 31, 40, 50, 63])
def test_the_order_of_rows_is_that_of_group_draw_and_row(n, bits):
    generator = np.random.default_rng(1)
    groups = generator.integers(0, 2**bits, 8)[generator.integers(0, 8, n)]
    assert np.array_equal(rows_by(groups, 2**bits - 1), np.argsort(groups, kind="stable"))
    draws = np.random.default_rng(5).integers(2**32, size=n, dtype=np.uint32)
    got = rows_by(groups, 2**bits - 1, np.random.default_rng(5))
    # Where 64 bits are too few for all, the draws lose their last ones, but keep those that tell
    # as many rows apart.
    kept = min(32, 64 - bits - (n - 1).bit_length())
    kept = 32 if kept < (n - 1).bit_length() else kept
    assert np.array_equal(got, np.lexsort((draws >> np.uint32(32 - kept), groups)))
    assert got.dtype == np.int64


NOT_LENGTHS = [
    ([], ValueError, "^lengths: expected at least one row, got none"),
    ([1.0, 2.0], TypeError, "^lengths: expected integers, got dtype float64"),
    ([1, np.nan], TypeError, "^lengths: expected integers, got dtype float64"),
    ([1, None], TypeError, "^lengths: expected integers, got dtype object"),
    ([True, False], TypeError, "^lengths: expected integers, got dtype bool"),
    ([3, -4], ValueError, "^lengths: expected no negative length, got -4 for row 1"),
    (
        np.array([2**63, 1], "uint64"),
        ValueError,
        f"^lengths: expected at most {2**63 - 1}, got {2**63}",
    ),
    ([(3, 2**31)], ValueError, f"^lengths: expected at most {2**31 - 1}, got {2**31}"),
    ([[1], [2, 3]], ValueError, "^lengths: expected one array of integers"),
    (5, ValueError, r"^lengths: expected shape \(n,\) or \(n, 2\).* got \(\)"),
    (np.ones((2, 3), int), ValueError, r"^lengths: .* got \(2, 3\)"),
]


@pytest.mark.parametrize("policy", [p for p in EXAMPLES if p != "fixed"])
@pytest.mark.parametrize(("rows", "error", "message"), NOT_LENGTHS)
def test_what_is_no_length_is_named(policy, rows, error, message):
    with pytest.raises(error, match=message):
        EXAMPLES[policy](rows)


@pytest.mark.parametrize("policy", [p for p in EXAMPLES if p != "fixed"])
@pytest.mark.parametrize("rows", [iter([3, 4]), {3, 4}, {3: 4}])
def test_lengths_that_are_no_sequence_are_named(policy, rows):
    with pytest.raises(TypeError, match=f"^lengths: .* per row, got {type(rows).__name__}"):
        EXAMPLES[policy](rows)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda r: grouped(r, 0), ValueError, "^batch_size: "),
        (lambda r: grouped(r, 2, window=0), ValueError, "^window: .* at least 1, got 0"),
        (lambda r: grouped(r, 2, window=2.0), TypeError, "^window: .* got float 2.0"),
        (lambda r: grouped(r, 2, tail="cut"), ValueError, "^tail: expected one of .*'even'"),
        (lambda r: grouped(r, 2, shuffle=-1), ValueError, "^shuffle: "),
        (lambda r: grouped(r, 4, tail="drop"), ValueError, "^tail: 'drop' leaves no batch .* n=3"),
        (lambda r: token_budget(r, 0), ValueError, "^budget: .* at least 1, got 0"),
        (lambda r: token_budget(r, 2**63), ValueError, f"^budget: .* {2**63 - 1}, got {2**63}"),
        (lambda r: token_budget(r, 20.0), TypeError, "^budget: .* got float 20.0"),
        (lambda r: token_budget(r, 20, tail="cut"), ValueError, "^tail: expected one of "),
        (lambda r: token_budget(r, 20, shuffle=True), TypeError, "^shuffle: "),
        (
            lambda r: token_budget(r, 5),
            ValueError,
            "^lengths: row 1 has length 9, more than the budget, 5; 2 of 3 rows are too long, and "
            "the longest row has length 10",
        ),
        (lambda r: token_budget(r, 9), ValueError, "^lengths: row 2 has length 10, .* 9; 1 of 3"),
        (lambda r: token_budget([(3, 3)], 9), ValueError, r"^lengths: .* got \(1, 2\)"),
        (
            lambda r: token_budget(r, 15, boundaries=[4, 16]),
            ValueError,
            "^boundaries: row 1 is padded to 16, more than the budget, 15",
        ),
        (
            lambda r: token_budget([(1, 2), (3, 4)], 15, boundaries=[(2, 2), (4, 4)]),
            ValueError,
            r"^boundaries: row 1 is padded to \[4, 4\], more than the budget, 15",
        ),
        (
            lambda r: token_budget(r, 15, boundaries=[4, 8]),
            ValueError,
            "^lengths: row 1 has length 9, more than the largest boundary, 8",
        ),
        (lambda r: token_budget(r, 15, boundaries=[8, 4]), ValueError, "^boundaries: .*increasing"),
        (
            lambda r: token_budget(r, 40, boundaries=[10], tail="drop"),
            ValueError,
            "^tail: 'drop' leaves no batch at all, .* as many rows as fit in the budget, 40",
        ),
        (lambda r: bucketed(r, 2, [2**63]), ValueError, f"^boundaries: .* got {2**63}"),
        (lambda r: fixed(3, 2).cost("linear"), ValueError, "^lengths: .* 'linear', got None"),
        (lambda r: fixed(3, 2, lengths=r).cost("cubic"), ValueError, "^kind: .*'steps', 'linear'"),
        (lambda r: fixed(3, 2, lengths=r).cost(None), ValueError, "^kind: .* got None"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make([3, 9, 10])


@pytest.mark.parametrize("tail", [tail for tail in TAILS if tail != "keep"])
def test_a_budget_without_boundaries_has_no_tail(tail):
    with pytest.raises(ValueError, match=f"^tail: expected 'keep' without .* got '{tail}'"):
        token_budget([3, 9], 20, tail=tail)
