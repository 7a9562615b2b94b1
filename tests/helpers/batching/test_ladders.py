"""Ladders: no other choice of as many boundaries costs less."""

import tracemalloc
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.batching import geometric_ladder, ladder, ladders, quantile_ladder
from helpers.data import random_lengths

POWERS = {"linear": 1, "quadratic": 2}
LENGTHS = st.lists(st.integers(0, 60), min_size=1, max_size=60)
HUGE = st.lists(st.integers(0, 2**40), min_size=1, max_size=9)


def price(lengths, boundaries, cost):
    """What the rows cost, in Python's integers: each is padded to the first boundary that fits."""
    boundaries = [int(boundary) for boundary in boundaries]
    return sum(
        next(b for b in boundaries if b >= length) ** POWERS[cost] for length in map(int, lengths)
    )


def cheapest(lengths, k, cost):
    """The least that ``k`` boundaries can cost, by trying all choices."""
    distinct = sorted({max(1, int(length)) for length in lengths})
    k = min(k, len(distinct))
    return min(
        price(lengths, (*below, distinct[-1]), cost) for below in combinations(distinct[:-1], k - 1)
    )


def by_table(lengths, k, cost):
    """The least cost by dynamic programming over the whole table, with no shortcut."""
    distinct, counts = np.unique(np.maximum(lengths, 1), return_counts=True)
    prices, rows = distinct ** POWERS[cost], np.append(0, np.cumsum(counts))
    costs = np.where(
        np.arange(len(rows))[:, None] < np.arange(len(rows)),
        np.append(0, prices) * (rows - rows[:, None]),
        2**61,
    )
    best = np.append(0, prices * rows[1:])
    for _ in range(k - 1):
        best = np.minimum(best, (best[:, None] + costs).min(axis=0))
    return int(best[-1])


@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=30) | HUGE,
    k=st.integers(1, 12),
    cost=st.sampled_from(list(POWERS)),
)
def test_no_other_choice_costs_less(lengths, k, cost):
    found = ladder(lengths, k, cost=cost)
    assert price(lengths, found, cost) == cheapest(lengths, k, cost)


@given(lengths=LENGTHS | HUGE, k=st.integers(1, 80))
@pytest.mark.parametrize("cost", POWERS)
def test_a_ladder_has_as_many_boundaries_as_are_of_use(lengths, k, cost):
    distinct = {max(1, length) for length in lengths}
    found = ladder(lengths, k, cost=cost)
    assert found.dtype == np.int64
    assert len(found) == min(k, len(distinct))
    assert set(found.tolist()) <= distinct
    assert (np.diff(found) > 0).all()
    assert found[-1] == max(distinct)


@given(lengths=LENGTHS | HUGE, k=st.integers(1, 20))
@pytest.mark.parametrize("usual", [geometric_ladder, quantile_ladder])
def test_the_usual_ladders_end_at_the_longest_row_and_never_cost_less(lengths, k, usual):
    found = usual(lengths, k)
    assert found.dtype == np.int64
    assert 1 <= len(found) <= k
    assert found[0] >= 1
    assert (np.diff(found) > 0).all()
    assert found[-1] == max(1, *lengths)
    for cost in POWERS:
        assert price(lengths, ladder(lengths, k, cost=cost), cost) <= price(lengths, found, cost)


@given(lengths=LENGTHS)
@pytest.mark.parametrize("cost", POWERS)
def test_a_boundary_more_costs_less_until_nothing_is_padded(lengths, cost):
    most = len({max(1, length) for length in lengths})
    costs = [price(lengths, ladder(lengths, k, cost=cost), cost) for k in range(1, most + 1)]
    assert all(more < less for less, more in pairwise(costs))
    assert costs[-1] == sum(max(1, length) ** POWERS[cost] for length in lengths)


@pytest.mark.parametrize("cost", POWERS)
@pytest.mark.parametrize("kind", ["lognormal", "bimodal", "uniform", "geometric"])
@pytest.mark.parametrize("k", [2, 5, 16])
def test_the_shortcut_finds_what_the_whole_table_finds(kind, cost, k):
    lengths = random_lengths(20_000, kind, seed=k)
    found = ladder(lengths, k, cost=cost)
    boundaries = found[np.searchsorted(found, lengths)] ** POWERS[cost]
    assert boundaries.sum() == by_table(lengths, k, cost)


@pytest.mark.parametrize("block", [1, 7, 100, 10**6])
def test_how_much_is_computed_at_once_changes_nothing(block, monkeypatch):
    lengths = random_lengths(3_000, seed=1)
    expected = [ladder(lengths, 9, cost=cost) for cost in POWERS]
    monkeypatch.setattr(ladders, "_BLOCK", block)
    for cost, boundaries in zip(POWERS, expected, strict=True):
        assert price(lengths, ladder(lengths, 9, cost=cost), cost) == price(
            lengths, boundaries, cost
        )


def test_a_cost_beyond_64_bits_is_exact():
    lengths = random_lengths(2_000, maximum=90, seed=3)
    scaled = (
        lengths * 2**37 + 1
    )  # the square of one is beyond 2**63, and beyond a float64's 53 bits
    found = ladder(scaled, 7, cost="quadratic")
    small = ladder(lengths, 7, cost="quadratic")
    assert price(scaled, found, "quadratic") <= price(scaled, small * 2**37 + 1, "quadratic")
    assert price(lengths, found // 2**37, "quadratic") == price(lengths, small, "quadratic")
    assert int(scaled.max()) ** 2 > 2**63


def test_a_million_rows_of_a_hundred_thousand_lengths_need_no_table_of_their_square():
    lengths = np.random.default_rng(0).lognormal(10, 1, 1_000_000).astype(np.int64)
    distinct = len(np.unique(lengths))
    assert distinct > 100_000
    tracemalloc.start()
    found = ladder(lengths, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 4
    assert peak < 64e6  # a table would take 8 distinct ** 2, 170 GB


def test_a_long_row_makes_no_long_table():
    tracemalloc.start()
    found = [choose([5, 2**40], 2).tolist() for choose in (ladder, quantile_ladder)]
    found.append(geometric_ladder([5, 2**40], 2).tolist())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [[5, 2**40], [5, 2**40], [round((5 * 2**40) ** 0.5), 2**40]]
    assert peak < 1e6


def test_the_order_of_the_rows_does_not_matter_and_the_argument_is_not_changed():
    lengths = np.array([9, 0, 3, 3, 7])
    kept = lengths.copy()
    for choose in (ladder, geometric_ladder, quantile_ladder):
        assert choose(lengths, 3).tolist() == choose(lengths[::-1], 3).tolist()
        assert choose(lengths.astype(np.uint8), 3).tolist() == choose(list(kept), 3).tolist()
    np.testing.assert_array_equal(lengths, kept)


def test_rows_of_length_0_count_as_1():
    for choose in (ladder, geometric_ladder, quantile_ladder):
        assert choose([0, 0], 3).tolist() == [1]
    assert ladder([0, 1, 5], 2).tolist() == [1, 5]


def test_quantiles_share_the_rows_out():
    lengths = np.arange(1, 101)
    assert quantile_ladder(lengths, 4).tolist() == [25, 50, 75, 100]
    assert quantile_ladder(lengths[:5], 2).tolist() == [3, 5]
    assert quantile_ladder([7] * 9 + [8], 5).tolist() == [7, 8]


def test_each_step_of_a_geometric_ladder_is_the_same_factor():
    assert geometric_ladder([1, 32], 5).tolist() == [2, 4, 8, 16, 32]
    assert geometric_ladder([3, 4], 8).tolist() == [3, 4]


@pytest.mark.parametrize("choose", [ladder, geometric_ladder, quantile_ladder])
@pytest.mark.parametrize(
    ("lengths", "k", "error", "message"),
    [
        ([], 2, ValueError, "lengths: expected at least one row, got none"),
        ([3, -1], 2, ValueError, "lengths: expected no negative length, got -1 for row 1"),
        ([3.0, np.nan], 2, TypeError, "lengths: expected integers, got dtype float64"),
        ([(3, 4)], 2, ValueError, r"lengths: expected shape \(n,\).*helpers.images.bucket_sizes"),
        ([3], 0, ValueError, "k: expected an integer of at least 1, got 0"),
        ([3], 2.0, TypeError, "k: expected an integer, got float 2.0"),
        ([3], True, TypeError, "k: expected an integer, got bool True"),
    ],
)
def test_what_is_refused(choose, lengths, k, error, message):
    with pytest.raises(error, match=message):
        choose(lengths, k)


@pytest.mark.parametrize("cost", ["cubic", None, "steps"])
def test_a_cost_is_linear_or_quadratic(cost):
    with pytest.raises(ValueError, match="cost: expected one of 'linear', 'quadratic', got"):
        ladder([3, 4], 1, cost=cost)
