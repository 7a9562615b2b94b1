"""The expected cost: the mean over all orders of the rows, which no order is drawn for."""

from fractions import Fraction
from itertools import permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.batching import COSTS, expected_cost, fixed
from helpers.data import random_lengths

LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=40)


def mean_over_all_orders(lengths, batch_size, kind):
    orders = list(permutations(lengths))
    plans = (fixed(len(order), batch_size, lengths=order) for order in orders)
    return sum(plan.cost(kind) for plan in plans) / len(orders)


def by_counting(lengths, batch_size, kind):
    """The expectation in fractions, by binomials of Python's integers."""
    n, power = len(lengths), 2 if kind == "quadratic" else 1
    full, rest = divmod(n, batch_size)
    cost = Fraction(0)
    for times, rows in ((full, batch_size), (1, rest)):
        if not times or not rows:
            continue
        ways = [comb(i, rows - 1) for i in range(n)]  # row i is the longest, with shorter ones
        mean = sum(length**power * way for length, way in zip(sorted(lengths), ways, strict=True))
        cost += times * (1 if kind == "steps" else rows) * Fraction(mean, comb(n, rows))
    return cost


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=5),
    batch_size=st.integers(1, 7),
    kind=st.sampled_from(COSTS),
)
def test_of_few_rows_it_is_the_mean_over_all_orders(lengths, batch_size, kind):
    expected = mean_over_all_orders(lengths, batch_size, kind)
    assert expected_cost(lengths, batch_size, kind) == pytest.approx(expected, rel=1e-12)


@given(
    lengths=LENGTHS | st.lists(st.integers(0, 2**62), min_size=1, max_size=9),
    batch_size=st.integers(1, 50) | st.just(2**31 - 1),
    kind=st.sampled_from(COSTS),
)
def test_it_is_the_sum_over_the_longest_row_of_a_batch(lengths, batch_size, kind):
    expected = float(by_counting(lengths, batch_size, kind))
    assert expected_cost(lengths, batch_size, kind) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("batch_size", [1, 2, 999, 4_999, 5_000])
def test_of_many_rows_it_is_right_to_twelve_digits(batch_size):
    lengths = random_lengths(5_000).tolist()
    for kind in COSTS:
        expected = float(by_counting(lengths, batch_size, kind))
        assert expected_cost(lengths, batch_size, kind) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", ["lognormal", "bimodal"])
@pytest.mark.parametrize("kind", COSTS)
def test_shuffled_plans_cost_it_on_average(shape, kind):
    lengths = random_lengths(1_001, shape)
    plan = fixed(1_001, 32, lengths=lengths, shuffle=3)
    costs = [plan.epoch(k).cost(kind) for k in range(400)]
    error = np.std(costs) / np.sqrt(len(costs))
    assert abs(np.mean(costs) - expected_cost(lengths, 32, kind)) < 3 * error
    assert error < 0.01 * np.mean(costs)


@given(lengths=LENGTHS, kind=st.sampled_from(COSTS))
def test_the_order_does_not_matter_where_a_batch_is_one_row_or_all_rows(lengths, kind):
    for batch_size in (1, len(lengths), len(lengths) + 3):
        cost = fixed(len(lengths), batch_size, lengths=lengths).cost(kind)
        assert expected_cost(lengths, batch_size, kind) == pytest.approx(cost, rel=1e-12)
        assert expected_cost(lengths[::-1], batch_size, kind) == pytest.approx(cost, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([], 2, "steps"), ValueError, "lengths: expected at least one row, got none"),
        (([3, -1], 2, "steps"), ValueError, "lengths: expected no negative length"),
        (([(3, 4)], 2, "steps"), ValueError, r"lengths: expected shape \(n,\), .*got \(1, 2\)"),
        (([3], 0, "steps"), ValueError, "batch_size: expected an integer of at least 1"),
        (([3], 2, "cubic"), ValueError, "kind: expected one of 'steps', 'linear'"),
        (([3.5], 2, "steps"), TypeError, "lengths: expected integers"),
    ],
)
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        expected_cost(*arguments)
