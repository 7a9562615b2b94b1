"""Packed plans: every row once, none over another, hardly a bin too many."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.batching import COSTS, PackedPlan, packed, packing
from helpers.data import random_lengths

LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=80)
ORDERS = st.none() | st.integers(0, 2**32)
PACKINGS = {
    "lengths": LENGTHS,
    "room": st.integers(0, 40),
    "batch_size": st.integers(1, 9),
    "shuffle": ORDERS,
    "k": st.integers(0, 3),
}


def contents(plan):
    """The lengths in every bin, from the rows and places that a model's batches are made of."""
    bins = []
    for i, batch in enumerate(plan):
        lines = [[] for _ in range(plan.sizes[i])]
        where, starts = plan.places(i)
        assert where.dtype == starts.dtype == batch.dtype == np.int64
        assert where.shape == starts.shape == batch.shape
        for row, line, start in zip(batch, where.tolist(), starts.tolist(), strict=True):
            lines[line].append((start, int(plan.lengths[row]), int(row)))
        bins += lines
    return bins


def best_fit_decreasing(lengths, capacity):
    """Row by row, as in a textbook: the lengths in every bin."""
    bins = []
    for length in sorted(lengths, reverse=True):
        fitting = [line for line in bins if sum(line) + length <= capacity]
        if not fitting:
            bins.append(fitting := [])
            fitting = [fitting]
        max(fitting, key=sum).append(length)
    return bins


@given(**PACKINGS, tail=st.sampled_from(["keep", "pad"]))
def test_every_row_has_its_own_timesteps_in_one_bin(lengths, room, batch_size, shuffle, k, tail):
    capacity = max(lengths) + room
    plan = packed(lengths, capacity, batch_size, tail=tail, shuffle=shuffle).epoch(k)
    bins = contents(plan)
    assert sorted(row for line in bins for *_, row in line) == list(range(len(lengths)))
    for line in bins:
        taken = [start + step for start, length, _ in line for step in range(length)]
        assert taken == list(range(len(taken)))  # one after the other from 0: no gap, no overlap
        assert len(taken) <= capacity
        assert [length for _, length, _ in line] == sorted((x for _, x, _ in line), reverse=True)
    assert len(plan.never_seen) == 0


@given(**PACKINGS)
def test_bins_are_as_full_as_those_of_best_fit_decreasing(lengths, room, batch_size, shuffle, k):
    capacity = max(lengths) + room
    plan = packed(lengths, capacity, batch_size, shuffle=shuffle).epoch(k)
    found = [sum(length for _, length, _ in line) for line in contents(plan)]
    # Which of two equally full bins a row goes to is nobody's rule, and changes no sum.
    assert sorted(found) == sorted(map(sum, best_fit_decreasing(lengths, capacity)))
    assert plan.bins == len(found)


@given(**PACKINGS, tail=st.sampled_from(packing.PACKED_TAILS))
def test_sizes_shapes_fill_and_costs_are_those_of_the_bins(
    lengths, room, batch_size, shuffle, k, tail
):
    capacity = max(lengths) + room
    try:
        plan = packed(lengths, capacity, batch_size, tail=tail, shuffle=shuffle).epoch(k)
    except ValueError:
        assert tail == "drop"
        assert len(best_fit_decreasing(lengths, capacity)) < batch_size
        return
    bins = contents(plan)
    needed = len(best_fit_decreasing(lengths, capacity))
    slots = {
        "keep": needed,
        "drop": needed - needed % batch_size,
        "pad": needed + -needed % batch_size,
    }[tail]
    assert len(bins) == slots == plan.sizes.sum()
    assert plan.bins == sum(bool(line) for line in bins) == min(needed, slots)
    assert all(bins[: plan.bins])  # the empty ones are the last
    assert len(plan) == len(plan.sizes) == -(-slots // batch_size)
    assert (plan.sizes[:-1] == batch_size).all()
    assert plan.shapes == tuple(sorted({(size, capacity) for size in plan.sizes.tolist()}))
    if tail != "keep":
        assert plan.shapes == ((batch_size, capacity),)
    true = sum(length for line in bins for _, length, _ in line)
    assert plan.fill == true / (slots * capacity)
    assert 0 < plan.fill <= 1
    assert plan.cost("steps") == len(plan) * capacity
    assert plan.cost("linear") == slots * capacity
    assert plan.cost("quadratic") == slots * capacity**2
    shown = {row for line in bins for *_, row in line}
    assert plan.never_seen.tolist() == sorted(set(range(len(lengths))) - shown)


@given(**PACKINGS)
def test_restore_brings_outputs_into_row_order(lengths, room, batch_size, shuffle, k):
    plan = packed(lengths, max(lengths) + room, batch_size, shuffle=shuffle).epoch(k)
    outputs = [row * 10 for batch in plan for row in batch.tolist()]
    assert plan.restore(outputs) == [row * 10 for row in range(len(lengths))]
    array = plan.restore(np.array(outputs))
    assert isinstance(array, np.ndarray)
    assert array.tolist() == [row * 10 for row in range(len(lengths))]


@pytest.mark.parametrize(
    ("count", "kind", "capacity"),
    [
        (20_000, "lognormal", 512),
        (20_000, "geometric", 512),
        (20_000, "uniform", 512),
        (20_000, "bimodal", 512),
        (1_000_000, "lognormal", 512),
    ],
)
def test_hardly_a_bin_more_than_the_timesteps_fill(count, kind, capacity):
    lengths = random_lengths(count, kind)
    needed = -(-int(lengths.sum()) // capacity)
    plan = packed(lengths, capacity, 32)
    assert needed <= plan.bins <= 1.001 * needed
    assert plan.fill > 0.998


def test_a_shuffled_epoch_mixes_rows_and_bins_but_keeps_the_shapes():
    lengths = random_lengths(500, maximum=100, mean=20)
    plan = packed(lengths, 128, 8, shuffle=3)
    again, other = packed(lengths, 128, 8, shuffle=3).epoch(1), plan.epoch(1)
    np.testing.assert_array_equal(again.rows, other.rows)
    np.testing.assert_array_equal(other.epoch(0).rows, plan.rows)
    assert other.number == 1
    assert other.shapes == plan.shapes

    def lines(plan):
        return [[length for _, length, _ in line] for line in contents(plan)]

    def neighbours(plan):
        return {frozenset(row for *_, row in line) for line in contents(plan)}

    assert lines(plan) != lines(other)
    assert sorted(lines(plan)) == sorted(lines(other)) == sorted(lines(packed(lengths, 128, 8)))
    assert neighbours(plan) != neighbours(other)
    assert packed(lengths, 128, 8, shuffle=4).rows.tolist() != plan.rows.tolist()


def test_without_shuffle_rows_of_one_length_keep_their_order_and_epochs_are_alike():
    plan = packed([2, 4, 2, 4, 2, 2], 4, 1)
    assert plan.rows.tolist()[:2] == [1, 3]
    assert packed([4, 4, 4], 4, 1).rows.tolist() == [0, 1, 2]
    assert plan.epoch(5) is plan


@pytest.mark.parametrize(
    ("lengths", "capacity", "bins"),
    [
        ([5], 5, [[5]]),
        ([1], 2**40, [[1]]),
        ([2**40, 2**40 - 1, 1], 2**40, [[2**40], [2**40 - 1, 1]]),
        ([1] * 7, 3, [[1, 1, 1], [1, 1, 1], [1]]),
        ([3, 3, 3], 5, [[3], [3], [3]]),
        ([3, 2, 3, 2, 3], 5, [[3, 2], [3, 2], [3]]),
        ([6, 5, 4, 3, 2], 10, [[6, 4], [5, 3, 2]]),
    ],
)
def test_packings_by_hand(lengths, capacity, bins):
    plan = packed(lengths, capacity, 2)
    found = [[length for _, length, _ in line] for line in contents(plan)]
    assert sorted(found) == sorted(bins)


def test_the_cost_of_huge_bins_is_exact():
    plan = packed([2**40] * 3, 2**40, 2)
    assert plan.cost("quadratic") == 3 * 2**80
    assert packed([2**62] * 3, 2**62, 2).fill == 1


def test_a_plan_survives_pickling_and_cannot_be_changed():
    plan = packed([3, 9, 1, 4, 10, 2], 10, 2, shuffle=5)
    again = pickle.loads(pickle.dumps(plan))
    for k in (0, 3):
        np.testing.assert_array_equal(again.epoch(k).rows, plan.epoch(k).rows)
    with pytest.raises(ValueError, match="read-only"):
        plan[0][0] = 7
    with pytest.raises(ValueError, match="read-only"):
        plan.lengths[0] = 7


def test_the_lengths_given_may_change_afterwards():
    lengths = np.array([3, 9, 1, 4, 10, 2])
    plan = packed(lengths, 10, 2, shuffle=5)
    before = plan.epoch(2).rows.tolist()
    lengths[:] = 1
    assert plan.epoch(2).rows.tolist() == before


def test_batches_are_indexed_as_a_list_is():
    plan = packed([3, 9, 1, 4, 10, 2], 10, 2)
    assert len(plan) == 2
    assert plan[-1].tolist() == plan[1].tolist() == list(plan)[1].tolist()
    for index in (2, -3):
        with pytest.raises(IndexError, match=f"batch {index} of a plan with 2 batches"):
            plan[index]
        with pytest.raises(IndexError, match=f"batch {index} of a plan with 2 batches"):
            plan.places(index)


@pytest.mark.parametrize("tail", ["keep", "pad"])
def test_the_line_that_describes_a_plan_says_what_is_in_it(tail):
    text = repr(packed([3, 9, 1, 4, 10, 2], 10, 2, tail=tail))
    assert text.startswith("PackedPlan(6 rows in 3 bins of 10, 2 batches: ")
    assert (
        f"empty bins {0 if tail == 'keep' else 1}, fill 0.{967 if tail == 'keep' else 725}" in text
    )
    assert "row order" in text
    assert "seed 4 epoch 0" in repr(packed([3], 10, 2, shuffle=4))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([], 5, 1), ValueError, "lengths: expected at least one row, got none"),
        (
            ([3, 0, 0], 5, 1),
            ValueError,
            "lengths: expected at least 1, because a row without a timestep has no place in a bin, "
            "got 0 for row 1",
        ),
        (([3, -1], 5, 1), ValueError, "lengths: expected no negative length, got -1 for row 1"),
        (
            ([3, 8, 9], 5, 1),
            ValueError,
            "lengths: row 1 has length 8, more than the capacity, 5; 2",
        ),
        (([3.0], 5, 1), TypeError, "lengths: expected integers, got dtype float64"),
        (([(3, 4)], 5, 1), ValueError, r"lengths: expected shape \(n,\).*got \(1, 2\)"),
        (([3], 0, 1), ValueError, "capacity: expected an integer of at least 1, got 0"),
        (([3], 5.0, 1), TypeError, "capacity: expected an integer, got float"),
        (([3], 5, 0), ValueError, "batch_size: expected an integer of at least 1, got 0"),
    ],
)
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        packed(*arguments)


@pytest.mark.parametrize("tail", ["wrap", "even", None])
def test_tails_that_bins_do_not_have_are_refused(tail):
    with pytest.raises(ValueError, match="tail: expected one of 'keep', 'drop', 'pad', got"):
        packed([3], 5, 1, tail=tail)


def test_a_seed_is_checked():
    with pytest.raises(ValueError, match="shuffle: expected an integer of at least 0"):
        packed([3], 5, 1, shuffle=-1)


def test_dropping_every_bin_is_refused():
    message = "tail: 'drop' leaves no batch at all, because all rows fit in 1 bins"
    with pytest.raises(ValueError, match=message):
        packed([3, 1], 5, 2, tail="drop")


def test_methods_refuse_what_makes_no_sense():
    plan = packed([3, 3, 3], 5, 2, tail="drop")
    with pytest.raises(ValueError, match="outputs: expected one for each of the 2 rows"):
        plan.restore([1, 2, 3])
    with pytest.raises(ValueError, match=r"1 of 3 rows were never seen \(the first is row 2\)"):
        plan.restore([1, 2])
    with pytest.raises(ValueError, match="kind: expected one of 'steps', 'linear', 'quadratic'"):
        plan.cost("cubic")
    with pytest.raises(ValueError, match="k: expected an integer of at least 0"):
        plan.epoch(-1)
    assert isinstance(plan, PackedPlan)
    assert all(plan.cost(kind) > 0 for kind in COSTS)
