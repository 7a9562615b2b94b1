"""Policies against plain loops: even tails, windows of lengths, budgets of tokens, and costs."""

import pickle
from collections import Counter

import numpy as np
import pytest
from batch_plans import EXAMPLES, LADDER, WHOLE, orders, shown
from hypothesis import given
from hypothesis import strategies as st

from helpers.batching import COSTS, TAILS, bucketed, fixed, grouped, token_budget
from helpers.data import random_lengths

batch_sizes = st.integers(1, 20)
tokens = st.lists(st.integers(0, 50), min_size=1, max_size=120)
pixels = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=80)


@st.composite
def plans(draw, tails=TAILS, shuffle=orders):
    """A plan of any policy, on one axis or on two, and the lengths that went in."""
    policy = draw(st.sampled_from(["fixed", "bucketed", "grouped", "budget", "ladder budget"]))
    rows = draw(tokens if policy == "budget" else tokens | pixels)
    seed, tail, size = draw(shuffle), draw(st.sampled_from(tails)), draw(batch_sizes)
    if tail == "drop":  # one that leaves a batch, whatever the policy
        size = 1
    options = {"tail": tail, "shuffle": seed}
    boundaries = [(50, 9), (9, 50), (50, 50)] if isinstance(rows[0], tuple) else LADDER
    if policy == "fixed":
        return fixed(len(rows), size, lengths=rows, **options), rows
    if policy == "bucketed":
        return bucketed(rows, size, boundaries, **options), rows
    if policy == "grouped":
        window = draw(st.none() | st.integers(1, 4))
        return grouped(rows, size, window=window, **options), rows
    if policy == "budget":
        return token_budget(rows, draw(st.integers(50, 400)), shuffle=seed), rows
    area = int(np.prod(boundaries[-1]))
    if tail == "drop":
        rows = [boundaries[-1]] * len(rows)  # one row fills the budget
        return token_budget(rows, area, boundaries=boundaries, **options), rows
    budget = draw(st.integers(area, 4 * area))
    return token_budget(rows, budget, boundaries=boundaries, **options), rows


def area(length):
    return int(np.prod(length))  # a length as it is; of a height and a width their product


def even_by_search(n, batch_size):
    """The documented rule of ``tail="even"``, written as a search over all sizes."""
    if n <= batch_size:
        return n
    left = {s: -(-n // s) * s - n for s in range(1, batch_size + 1) if 4 * s >= 3 * batch_size}
    few = [s for s in left if left[s] <= n / 100]
    return max(few) if few else max(s for s in left if left[s] == min(left.values()))


@given(n=st.integers(1, 3000), batch_size=st.integers(1, 90), shuffle=orders, k=st.integers(0, 3))
def test_even_batches_have_the_size_that_a_search_finds(n, batch_size, shuffle, k):
    plan = fixed(n, batch_size, tail="even", shuffle=shuffle).epoch(k)
    size = even_by_search(n, batch_size)
    assert set(plan.sizes.tolist()) == {size}
    assert len(plan) == -(-n // size)
    assert (~plan.real).sum() == -n % size
    assert plan.batch_size == batch_size


@pytest.mark.parametrize(
    ("n", "size", "left"),
    [
        (105, 27, 3),  # nothing leaves one row or none; 27 leaves the fewest
        (1000, 28, 8),  # 25 leaves none, but 28 leaves under 1 % too and is larger
        (3100, 32, 4),
        (320, 32, 0),
        (33, 24, 15),  # two batches whatever the size
        (32, 32, 0),
        (31, 31, 0),
    ],
)
def test_even_sizes_that_can_be_checked_by_hand(n, size, left):
    plan = fixed(n, 32, tail="even")
    assert (set(plan.sizes.tolist()), int((~plan.real).sum())) == ({size}, left)


@given(rows=tokens | pixels, batch_size=batch_sizes, tail=st.sampled_from(["pad", "even"]))
def test_a_bucket_has_one_shape(rows, batch_size, tail):
    two = isinstance(rows[0], tuple)
    plan = bucketed(
        rows, batch_size, [(50, 9), (9, 50), (50, 50)] if two else LADDER, tail=tail, shuffle=1
    )
    used = {tuple(np.atleast_1d(padded).tolist()) for padded in plan.padded_lengths}
    assert len(plan.shapes) == len(used) <= len(plan.boundaries)
    for padded in used:
        batches = [i for i in range(len(plan)) if (plan.padded_lengths[i] == padded).all()]
        count = sum(int(plan.weights(i).sum()) for i in batches)
        size = even_by_search(count, batch_size) if tail == "even" else batch_size
        assert {len(plan[i]) for i in batches} == {size}


@given(made=plans(WHOLE), k=st.integers(0, 3))
def test_every_row_is_shown_once(made, k):
    plan, rows = made
    plan = plan.epoch(k)
    assert shown(plan) == dict.fromkeys(range(len(rows)), 1)
    assert plan.never_seen.size == plan.seen_twice.size == 0
    for i, batch in enumerate(plan):
        real = plan.weights(i) == 1
        assert real[0]
        assert set(batch[~real]) <= {batch[0]}
    slots = np.concatenate(list(plan))
    assert plan.restore(slots).tolist() == list(range(len(rows)))


@given(made=plans(), k=st.integers(0, 3))
def test_costs_are_those_of_a_plain_loop(made, k):
    plan, rows = made
    plan = plan.epoch(k)
    sums = dict.fromkeys(COSTS, 0)
    for batch, padded in zip(plan, plan.padded_lengths.tolist(), strict=True):
        held = np.max([rows[row] for row in batch], axis=0)
        assert (held <= padded).all()
        if plan.boundaries is None:
            assert held.tolist() == padded
        sums["steps"] += area(padded)
        sums["linear"] += len(batch) * area(padded)
        sums["quadratic"] += len(batch) * area(padded) ** 2
    assert {kind: plan.cost(kind) for kind in COSTS} == sums
    true = sum(area(rows[row]) for row in set(range(len(rows))) - set(plan.never_seen.tolist()))
    assert sums["linear"] >= true
    assert plan.fill == pytest.approx(true / sums["linear"] if sums["linear"] else 1)
    assert 0 <= plan.fill <= 1
    assert (plan.fill > 0) == (true > 0 or not sums["linear"])


@given(made=plans(shuffle=st.integers(0, 2**32)))
def test_an_epoch_is_a_function_of_seed_and_number(made):
    plan, _ = made
    copy = pickle.loads(pickle.dumps(plan.epoch(4)))
    for k in (2, 0):  # a late epoch first changes nothing
        for field in ("rows", "bounds", "real", "padded_lengths"):
            expected, got = getattr(plan.epoch(k), field), getattr(copy.epoch(k), field)
            assert np.array_equal(expected, got), field
        assert copy.epoch(k).shuffle == plan.shuffle
        assert copy.epoch(k).number == k


@pytest.mark.parametrize("policy", EXAMPLES)
def test_epochs_and_seeds_differ(policy):
    rows = np.random.default_rng(0).integers(1, 11, 400) * 10  # many of one length
    make = EXAMPLES[policy]
    plan = make(rows, shuffle=3)
    assert np.array_equal(plan.rows, make(rows, shuffle=3).rows)
    for other in (plan.epoch(1), make(rows, shuffle=4), make(rows)):
        assert {frozenset(batch.tolist()) for batch in plan} != {
            frozenset(batch.tolist()) for batch in other
        }
    if policy != "fixed":  # batches are mixed: no run from short to long or back
        steps = np.sign(np.diff(plan.padded_lengths))
        assert (steps > 0).sum() > 5
        assert (steps < 0).sum() > 5
        assert not np.array_equal(plan.padded_lengths, plan.epoch(1).padded_lengths)
    in_order = make(rows)
    assert in_order.epoch(7) is in_order
    for array in (plan.rows, plan.real, plan.bounds, plan.padded_lengths, plan.lengths):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def drawn(seed, k, n):
    """The documented order of rows of an epoch, and the generator that goes on to the batches."""
    generator = np.random.default_rng([seed, k])
    draws = generator.integers(2**32, size=n, dtype=np.uint32)
    return sorted(range(n), key=lambda row: (draws[row], row)), generator


def cut(rows, size):
    return [rows[i : i + size] for i in range(0, len(rows), size)]


@given(
    rows=tokens,
    batch_size=batch_sizes,
    window=st.none() | st.integers(1, 4),
    tail=st.sampled_from(["keep", "drop", "even"]),
    shuffle=orders,
    k=st.integers(0, 3),
)
def test_grouped_sorts_windows_of_batches(rows, batch_size, window, tail, shuffle, k):
    n = len(rows)
    if tail == "drop" and n < batch_size:
        batch_size = n
    size = even_by_search(n, batch_size) if tail == "even" else batch_size
    plan = grouped(rows, batch_size, window=window, tail=tail, shuffle=shuffle).epoch(k)
    order = range(n)
    if shuffle is not None:
        order, generator = drawn(shuffle, k, n)
    windows = cut(order, n if window is None else window * size)
    expected = cut([r for w in windows for r in sorted(w, key=lambda r: -rows[r])], size)
    if tail == "drop":
        expected = [batch for batch in expected if len(batch) == size]
    if shuffle is not None:
        expected = [expected[i] for i in generator.permutation(len(expected))]
    got = [batch[plan.weights(i) == 1].tolist() for i, batch in enumerate(plan)]
    assert got == expected


@pytest.mark.parametrize("window", [3, 50, 2000])
def test_many_windows_are_sorted_and_dealt_out_like_few(window):
    n, size = 150_000, 30
    rows = random_lengths(n)
    plan = grouped(rows, size, window=window, shuffle=2)
    order, generator = drawn(2, 0, n)
    expected = np.array(order)[np.lexsort((-rows[order], np.arange(n) // (window * size)))]
    expected = expected.reshape(-1, size)[generator.permutation(n // size)]
    assert np.array_equal(plan.rows, expected.ravel())
    assert np.array_equal(plan.padded_lengths, rows[expected].max(axis=1))


def test_grouped_wraps_from_the_start_of_the_epoch():
    plan = grouped([5, 9, 1, 7, 3], 2, window=None, tail="wrap")
    assert [batch.tolist() for batch in plan] == [[1, 3], [0, 4], [2, 1]]
    assert plan.padded_lengths.tolist() == [9, 5, 9]


def test_grouped_images_are_sorted_by_area():
    plan = grouped([(2, 3), (9, 1), (1, 8), (4, 4)], 2, window=None)
    assert [batch.tolist() for batch in plan] == [[3, 1], [2, 0]]  # 16, 9, 8 and 6 pixels
    assert plan.padded_lengths.tolist() == [[9, 4], [2, 8]]


def test_grouped_pads_less_than_rows_as_they_come_and_has_more_shapes_than_buckets():
    rows = random_lengths(20_000)
    as_they_come = fixed(20_000, 32, shuffle=0, lengths=rows)
    plans = [grouped(rows, 32, window=window, shuffle=0) for window in (5, 50, None)]
    costs = [plan.cost("linear") for plan in (as_they_come, *plans)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 1.02 * rows.sum() < costs[0] / 2
    ladder = bucketed(rows, 32, range(32, 513, 32), tail="even", shuffle=0)
    assert len(plans[1].shapes) > 100 > 16 == len(ladder.shapes)


@given(rows=tokens, budget=st.integers(50, 500), shuffle=orders, k=st.integers(0, 3))
def test_a_budget_is_filled_from_the_longest_row_on(rows, budget, shuffle, k):
    plan = token_budget(rows, budget, shuffle=shuffle).epoch(k)
    order = range(len(rows))
    if shuffle is not None:
        order, generator = drawn(shuffle, k, len(rows))
    expected, batch = [], []
    for row in sorted(order, key=lambda row: -rows[row]):
        if batch and (len(batch) + 1) * max(1, rows[batch[0]]) > budget:  # it is maximal
            expected.append(batch)
            batch = []
        batch.append(row)
    expected.append(batch)
    if shuffle is not None:
        expected = [expected[i] for i in generator.permutation(len(expected))]
    assert [batch.tolist() for batch in plan] == expected
    assert plan.padded_lengths.tolist() == [rows[batch[0]] for batch in expected]
    assert (plan.sizes * plan.padded_lengths).max() <= budget
    assert plan.batch_size == plan.sizes.max()


@given(
    rows=tokens,
    budget=st.integers(50, 500),
    tail=st.sampled_from(["keep", "pad", "wrap", "even"]),
    shuffle=orders,
)
def test_buckets_take_as_many_rows_as_the_budget_holds(rows, budget, tail, shuffle):
    plan = token_budget(rows, budget, boundaries=LADDER, tail=tail, shuffle=shuffle)
    homes = Counter(min(b for b in LADDER if row <= b) for row in rows)
    for boundary, count in homes.items():
        sizes = plan.sizes[plan.padded_lengths == boundary].tolist()
        most = budget // boundary
        assert most * boundary <= budget < (most + 1) * boundary
        if tail == "keep":
            assert sorted(sizes) == sorted(map(len, cut(range(count), most)))
        else:
            assert set(sizes) == {even_by_search(count, most) if tail == "even" else most}
    assert plan.batch_size == plan.sizes.max()
    assert plan.boundaries.tolist() == LADDER
    assert (plan.sizes * plan.padded_lengths).max() <= budget


def test_a_budget_for_images_counts_pixels():
    plan = token_budget([(4, 4), (2, 9), (3, 3), (1, 1)], 40, boundaries=[(4, 4), (2, 10)])
    assert plan.shapes == ((1, 2, 10), (1, 4, 4), (2, 4, 4))


def test_a_boundary_over_the_budget_that_no_row_needs_is_no_error():
    plan = token_budget([3, 9], 20, boundaries=[10, 30], tail="even")
    assert plan.shapes == ((2, 10),)


def test_rows_of_length_zero_fit_any_budget():
    plan = token_budget([0, 0, 0, 5], 5)
    assert [batch.tolist() for batch in plan] == [[3], [0, 1, 2]]
    assert plan.padded_lengths.tolist() == [5, 0]
    assert token_budget([0, 0, 0], 2).sizes.tolist() == [2, 1]


def test_an_even_tail_keeps_the_shapes_and_saves_the_padding_slots():
    rows = random_lengths(20_000)
    pad, even = (bucketed(rows, 32, range(32, 513, 32), tail=tail) for tail in ("pad", "even"))
    assert len(even.shapes) == len(pad.shapes) == 16
    keep = bucketed(rows, 32, range(32, 513, 32))
    least, most = keep.cost("linear"), pad.cost("linear")
    assert least < even.cost("linear") < least + (most - least) / 3
