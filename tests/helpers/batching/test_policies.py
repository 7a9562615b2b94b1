"""Policies against plain loops: even tails, windows of lengths, budgets of tokens, and costs."""

import pickle
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.batching import (
    COSTS,
    TAILS,
    bucketed,
    fixed,
    grouped,
    ladder,
    order,
    recommend,
    token_budget,
)
from helpers.batching.order import rows_by
from helpers.data import random_lengths

LADDER = [3, 8, 20, 50]
WHOLE = ("keep", "pad", "even")  # tails that show every row once

batch_sizes = st.integers(1, 20)
orders = st.none() | st.integers(0, 2**32)
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


def weights(plan):
    counts = Counter()
    for i, batch in enumerate(plan):
        for row, weight in zip(batch.tolist(), plan.weights(i).tolist(), strict=True):
            counts[row] += weight
    return counts


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
    assert weights(plan) == dict.fromkeys(range(len(rows)), 1)
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


EXAMPLES = {
    "fixed": lambda rows, **options: fixed(len(rows), 8, lengths=rows, **options),
    "bucketed": lambda rows, **options: bucketed(rows, 8, [20, 60, 100], **options),
    "grouped": lambda rows, **options: grouped(rows, 8, window=5, **options),
    "sorted": lambda rows, **options: grouped(rows, 8, window=None, **options),
    "budget": lambda rows, **options: token_budget(rows, 300, **options),
    "ladder": lambda rows, **options: token_budget(rows, 300, boundaries=[20, 100], **options),
}


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
        assert weights(plan) == dict.fromkeys(range(n), 1)
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
