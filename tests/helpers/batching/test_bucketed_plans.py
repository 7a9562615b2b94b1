"""Plans of buckets: rows of one bucket in each batch, padded to its boundary."""

import math
import pickle
from collections import Counter

import numpy as np
import pytest
from batch_plans import orders, shown
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers.batching import TAILS, bucketed, fixed


@st.composite
def bucket_arguments(draw):
    """Lengths on one axis or on two, and boundaries that hold them all."""
    axes = draw(st.sampled_from([1, 2]))
    side = st.integers(1, 40)
    if axes == 1:
        boundaries = sorted(draw(st.sets(side, min_size=1, max_size=6)))
        row = st.integers(0, boundaries[-1])
    else:
        boundaries = draw(st.lists(st.tuples(side, side), min_size=1, max_size=6, unique=True))
        row = st.sampled_from(boundaries).flatmap(
            lambda box: st.tuples(st.integers(0, box[0]), st.integers(0, box[1]))
        )
    rows = draw(st.lists(row, min_size=1, max_size=80))
    return {
        "lengths": rows,
        "batch_size": draw(st.integers(1, 20)),
        "boundaries": boundaries,
        "shuffle": draw(orders),
    }


def as_pairs(values):
    return [value if isinstance(value, tuple | list) else (value,) for value in values]


def home(length, boundaries):
    """The boundary of the smallest area that holds a length, written as plainly as can be."""
    boxes = [box for box in boundaries if all(a <= b for a, b in zip(length, box, strict=True))]
    return min(boxes, key=np.prod)


@given(arguments=bucket_arguments(), tail=st.sampled_from(TAILS), k=st.integers(0, 3))
def test_a_batch_holds_rows_of_one_bucket_and_is_padded_to_its_boundary(arguments, tail, k):
    rows, boundaries = as_pairs(arguments["lengths"]), as_pairs(arguments["boundaries"])
    homes = Counter(home(row, boundaries) for row in rows)
    size = arguments["batch_size"]
    if tail == "drop" and max(homes.values()) < size:
        with pytest.raises(ValueError, match=r"^tail: 'drop' leaves no batch"):
            bucketed(**arguments, tail=tail)
        return
    plan = bucketed(**arguments, tail=tail).epoch(k)
    assert len(plan) == len(plan.padded_lengths) > 0
    padded_to = as_pairs(plan.padded_lengths.tolist())
    for batch, padded in zip(plan, padded_to, strict=True):
        assert {tuple(home(rows[row], boundaries)) for row in batch} == {tuple(padded)}
    for shape in plan.shapes:  # shapes are the ladder times the sizes of batches
        assert shape[0] in plan.sizes
        assert list(shape[1:]) in list(map(list, boundaries))
    assert set(plan.shapes) == {
        (len(batch), *padded) for batch, padded in zip(plan, padded_to, strict=True)
    }
    if tail == "keep":
        assert plan.sizes.max() <= size
        assert (plan.sizes < size).sum() == sum(count % size > 0 for count in homes.values())
    elif tail == "even":
        assert plan.sizes.max() <= size
        assert len(plan.shapes) == len(homes)  # one batch size in each bucket
    else:
        assert set(plan.sizes.tolist()) == {size}
    # Shapes, and with them the costs, are the same in every epoch.
    assert Counter(zip(plan.sizes.tolist(), map(tuple, padded_to), strict=True)) == Counter(
        zip(
            plan.epoch(k + 1).sizes.tolist(),
            map(tuple, as_pairs(plan.epoch(k + 1).padded_lengths.tolist())),
            strict=True,
        )
    )


@given(arguments=bucket_arguments(), tail=st.sampled_from(TAILS), k=st.integers(0, 3))
def test_a_bucketed_epoch_shows_what_its_tail_says(arguments, tail, k):
    rows, boundaries = as_pairs(arguments["lengths"]), as_pairs(arguments["boundaries"])
    homes = Counter(home(row, boundaries) for row in rows)
    size = arguments["batch_size"]
    assume(tail != "drop" or max(homes.values()) >= size)
    plan = bucketed(**arguments, tail=tail).epoch(k)
    counts = shown(plan)
    if tail in ("keep", "pad", "even"):
        assert counts == dict.fromkeys(range(len(rows)), 1)
    elif tail == "drop":
        assert set(counts.values()) == {1}
        assert len(plan.never_seen) == sum(count % size for count in homes.values())
    else:
        assert set(counts) == set(range(len(rows)))
        assert sum(counts.values()) == sum(count + -count % size for count in homes.values())
    for i, batch in enumerate(plan):  # a padding slot repeats the first row of its batch
        real = plan.weights(i) == 1
        assert real[0]
        assert set(batch[~real]) <= {batch[0]}
    if tail != "even":
        assert plan.padded == (tail == "pad" and any(c % size for c in homes.values()))
    seen = sum(int(np.prod(rows[row])) for row in counts)
    computed = int(plan.sizes @ [int(np.prod(p)) for p in as_pairs(plan.padded_lengths.tolist())])
    assert plan.fill == pytest.approx(seen / computed)
    assert 0 <= plan.fill <= 1
    assert (plan.fill > 0) == (seen > 0)
    if tail != "drop":
        outputs = np.concatenate(list(plan))  # each slot gives its own row's index
        assert plan.restore(outputs).tolist() == list(range(len(rows)))


@given(arguments=bucket_arguments(), tail=st.sampled_from(["keep", "pad", "wrap", "even"]))
def test_a_bucketed_epoch_is_a_function_of_seed_and_number(arguments, tail):
    plan = bucketed(**arguments, tail=tail)
    again = pickle.loads(pickle.dumps(bucketed(**arguments, tail=tail).epoch(4)))
    for k in (2, 0):  # a late epoch first changes nothing
        for field in ("rows", "bounds", "real", "padded_lengths"):
            assert np.array_equal(getattr(plan.epoch(k), field), getattr(again.epoch(k), field)), (
                field
            )
    assert plan.epoch(0).number == 0
    if arguments["shuffle"] is None:
        assert plan.epoch(3) is plan


@pytest.mark.parametrize("axes", [1, 2])
def test_epochs_of_a_bucketed_plan_differ_in_rows_and_in_order_of_batches(axes):
    tokens = np.arange(1, 401) if axes == 1 else np.stack([np.arange(1, 401)] * 2, axis=1)
    boundaries = [100, 200, 400] if axes == 1 else [(100, 100), (200, 200), (400, 400)]
    plan = bucketed(tokens, 10, boundaries, shuffle=3)
    zero, one = plan.epoch(0), plan.epoch(1)
    assert {frozenset(b.tolist()) for b in zero} != {frozenset(b.tolist()) for b in one}
    assert not np.array_equal(zero.padded_lengths, one.padded_lengths)
    assert not np.array_equal(zero.rows, bucketed(tokens, 10, boundaries, shuffle=4).rows)
    ordered = np.sort(zero.padded_lengths, axis=0)
    assert not np.array_equal(zero.padded_lengths, ordered)  # buckets are mixed within an epoch


def test_the_order_of_a_bucketed_epoch_is_the_documented_one():
    tokens = np.random.default_rng(0).integers(0, 31, 100)
    plan = bucketed(tokens, 8, [10, 20, 30], shuffle=7).epoch(5)
    generator = np.random.default_rng([7, 5])
    order = np.argsort(generator.integers(2**32, size=100, dtype=np.uint32), kind="stable")
    batches = []
    for low, high in ((-1, 10), (10, 20), (20, 30)):
        bucket = [row for row in order.tolist() if low < tokens[row] <= high]
        batches += [bucket[i : i + 8] for i in range(0, len(bucket), 8)]
    expected = [batches[i] for i in generator.permutation(len(batches))]
    assert [batch.tolist() for batch in plan] == expected


@pytest.mark.parametrize(
    ("tail", "batches", "weights", "fill"),
    [
        ("keep", [[0, 2], [3], [1, 4]], [[1, 1], [1], [1, 1]], 22 / 32),
        ("drop", [[0, 2], [1, 4]], [[1, 1], [1, 1]], 18 / 28),
        ("pad", [[0, 2], [3, 3], [1, 4]], [[1, 1], [1, 0], [1, 1]], 22 / 36),
        ("wrap", [[0, 2], [3, 0], [1, 4]], [[1, 1], [1, 1], [1, 1]], 22 / 36),
    ],
)
def test_the_tail_is_that_of_each_bucket(tail, batches, weights, fill):
    plan = bucketed([3, 5, 1, 4, 9], 2, [4, 10], tail=tail)
    assert [batch.tolist() for batch in plan] == batches
    assert [plan.weights(i).tolist() for i in range(len(plan))] == weights
    assert plan.fill == pytest.approx(fill)
    assert plan.never_seen.tolist() == ([3] if tail == "drop" else [])
    assert plan.seen_twice.tolist() == ([0] if tail == "wrap" else [])


def test_a_row_of_a_boundary_s_length_is_in_that_bucket():
    plan = bucketed([4, 5, 10, 0], 4, [4, 10])
    assert [batch.tolist() for batch in plan] == [[0, 3], [1, 2]]
    assert plan.padded_lengths.tolist() == [4, 10]


def test_an_image_goes_to_the_smallest_area_that_holds_it():
    boxes = [(40, 100), (10, 60), (60, 10), (20, 30)]  # 4000, 600, 600, 600: in any order
    plan = bucketed([(10, 30), (5, 50), (50, 5), (20, 40), (0, 0)], 4, boxes)
    assert [batch.tolist() for batch in plan] == [[3], [0, 1, 4], [2]]
    assert plan.padded_lengths.tolist() == [[40, 100], [10, 60], [60, 10]]
    assert plan.shapes == ((1, 40, 100), (1, 60, 10), (3, 10, 60))
    assert plan.fill == pytest.approx((300 + 250 + 250 + 800) / (4000 + 3 * 600 + 600))
    assert plan.axes == 2


@given(arguments=bucket_arguments(), tail=st.sampled_from(TAILS), spare=st.integers(0, 4_000))
def test_a_limit_of_cells_makes_the_batches_of_long_rows_smaller(arguments, tail, spare):
    assume(tail != "drop")
    boundaries = as_pairs(arguments["boundaries"])
    limit = max(map(math.prod, boundaries)) + spare
    plan = bucketed(**arguments, tail=tail, most_cells=limit)
    free = bucketed(**arguments, tail=tail)
    assert sorted(set(plan.rows.tolist())) == list(range(plan.n))
    for size, padded in zip(plan.sizes, as_pairs(plan.padded_lengths.tolist()), strict=True):
        assert size <= min(arguments["batch_size"], limit // math.prod(padded))
        if tail in ("pad", "wrap"):
            assert size == min(arguments["batch_size"], limit // math.prod(padded))
    if max(map(math.prod, boundaries)) * arguments["batch_size"] <= limit:
        assert plan.rows.tolist() == free.rows.tolist()
        assert plan.bounds.tolist() == free.bounds.tolist()


def test_a_boundary_beyond_the_limit_of_cells_is_refused_only_if_a_row_goes_there():
    assert bucketed([3, 4], 2, [4, 9], most_cells=8).shapes == ((2, 4),)
    message = "^boundaries: row 1 is padded to 9, more than most_cells, 8$"
    with pytest.raises(ValueError, match=message):
        bucketed([3, 5], 2, [4, 9], most_cells=8)
    with pytest.raises(ValueError, match=r"^tail: 'drop' .* as fit in most_cells, 8$"):
        bucketed([3], 9, [4], most_cells=8, tail="drop")


def test_boundaries_that_no_row_goes_to_make_no_batch():
    for shuffle in (None, 0):
        plan = bucketed([5, 5], 2, [2, 4, 6, 100], shuffle=shuffle, tail="wrap")
        assert plan.shapes == ((2, 6),)
        assert plan.boundaries.tolist() == [2, 4, 6, 100]


def test_rows_of_length_zero_cost_their_boundary():
    plan = bucketed([0, 0], 2, [4])
    assert (plan.fill, plan.shapes) == (0, ((2, 4),))
    assert bucketed([0, 2], 2, [4]).fill == pytest.approx(2 / 8)


@pytest.mark.parametrize("axes", [1, 2])
def test_a_million_rows_in_buckets(axes):
    tokens = np.random.default_rng(0).integers(1, 513, (1_000_000, axes)).squeeze()
    ladder = np.array([64, 128, 256, 512])
    boundaries = ladder if axes == 1 else np.stack(np.meshgrid(ladder, ladder), -1).reshape(-1, 2)
    plan = bucketed(tokens, 32, boundaries, tail="pad", shuffle=0)
    assert plan.never_seen.size == plan.seen_twice.size == 0
    assert len(plan.shapes) == len(boundaries)
    assert 0.5 < plan.fill < 1


def test_arrays_of_a_bucketed_plan_are_its_own_and_read_only():
    tokens, boundaries = np.array([1, 2, 3]), np.array([2, 3])
    plan = bucketed(tokens, 3, boundaries)
    tokens[0] = boundaries[0] = 99
    assert (plan.lengths.tolist(), plan.boundaries.tolist()) == ([1, 2, 3], [2, 3])
    for array in (plan.rows, plan.real, plan.bounds, plan.boundaries, plan.padded_lengths):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"lengths": []}, ValueError, "^lengths: expected at least one row, got none"),
        ({"lengths": np.zeros((0, 2), int)}, ValueError, "^lengths: expected at least one row"),
        ({"lengths": [3, -1, 2]}, ValueError, "^lengths: .* got -1 for row 1"),
        ({"lengths": [1.0, 2.0]}, TypeError, "^lengths: expected integers, got dtype float64"),
        ({"lengths": [1, np.nan]}, TypeError, "^lengths: expected integers, got dtype float64"),
        ({"lengths": [True, False]}, TypeError, "^lengths: .* got dtype bool"),
        ({"lengths": 5}, ValueError, r"^lengths: expected shape \(n,\) or \(n, 2\).* got \(\)"),
        ({"lengths": np.ones((5, 3), int)}, ValueError, r"^lengths: .* \(5, 2\).* got \(5, 3\)"),
        ({"lengths": [[1, 2], [3]]}, ValueError, "^lengths: expected one array of integers"),
        (
            {"lengths": [3, 11, 2, 900]},
            ValueError,
            "^lengths: row 1 has length 11, more than the largest boundary, 10; 2 of 4 rows are "
            "too long, and the longest row has length 900",
        ),
        ({"boundaries": []}, ValueError, "^boundaries: expected at least one, got none"),
        ({"boundaries": 10}, ValueError, r"^boundaries: expected shape \(buckets,\).* got \(\)"),
        ({"boundaries": [10, 4]}, ValueError, "^boundaries: .* increasing .* got 4 after 10"),
        ({"boundaries": [4, 4, 10]}, ValueError, "^boundaries: .* once, got 4 more than once"),
        ({"boundaries": [4.0, 10.0]}, TypeError, "^boundaries: .* got dtype float64"),
        ({"boundaries": [4, None]}, TypeError, "^boundaries: .* got dtype object"),
        ({"boundaries": [0, 10]}, ValueError, "^boundaries: expected at least 1, got 0"),
        ({"boundaries": [(4, 4)]}, ValueError, r"^boundaries: .* lengths are of shape \(3,\)"),
        ({"boundaries": [[4], [4, 5]]}, ValueError, "^boundaries: expected one array of integers"),
        ({"batch_size": 0}, ValueError, "^batch_size: "),
        ({"batch_size": 2.0}, TypeError, "^batch_size: "),
        ({"tail": "cut"}, ValueError, "^tail: expected one of 'keep'"),
        ({"shuffle": -1}, ValueError, "^shuffle: "),
        ({"shuffle": 0.5}, TypeError, "^shuffle: "),
        ({"tail": "drop", "batch_size": 3}, ValueError, "no bucket has more than 2 rows"),
    ],
)
def test_bad_arguments_of_bucketed_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        bucketed(**{"lengths": [3, 9, 1], "batch_size": 2, "boundaries": [4, 10]} | arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"lengths": [(4, 4), (3, 70), (60, 2)]},
            ValueError,
            r"^lengths: row 1 has height and width \(3, 70\) and fits no boundary, the largest is "
            r"\(20, 40\); 2 of 3 rows fit none, and \(60, 70\) would hold every row",
        ),
        ({"lengths": [(4, 4), (5, -2)]}, ValueError, r"^lengths: .* got \[5, -2\] for row 1"),
        ({"boundaries": [10, 40]}, ValueError, r"^boundaries: expected shape \(buckets, 2\)"),
        ({"boundaries": [(1, 2, 3)]}, ValueError, r"^boundaries: .* got \(1, 3\)"),
        ({"boundaries": [(9, 9), (8, 9), (9, 9)]}, ValueError, r"got \[9, 9\] more than once"),
        ({"boundaries": [(0, 40)]}, ValueError, "^boundaries: expected at least 1, got 0"),
    ],
)
def test_bad_heights_and_widths_are_named(arguments, error, message):
    good = {"lengths": [(4, 4), (20, 40)], "batch_size": 2, "boundaries": [(20, 40), (30, 9)]}
    with pytest.raises(error, match=message):
        bucketed(**good | arguments)


def test_repr_says_how_many_lengths_a_bucketed_plan_pads_to():
    assert repr(bucketed([3, 9, 1, 4, 10, 2], 2, [4, 8, 10], shuffle=1)) == (
        "Plan(6 rows, 3 batches: 3 of 2, padded to 2 lengths, tail='keep', seed 1 epoch 0, "
        "never seen 0, seen twice 0, padding slots 0, fill 0.806)"
    )
    assert "1 of 2, padded to 1 size, " in repr(bucketed([(3, 9), (4, 9)], 2, [(4, 10)]))
    assert "padded to 2 sizes" in repr(fixed(2, 1, lengths=[(3, 9), (4, 9)]))
    assert "padded" not in repr(fixed(2, 1, lengths=[3, 9]))
