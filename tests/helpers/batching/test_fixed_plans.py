"""Plans of fixed batches: what each holds, what an epoch misses, and what is refused."""

import pickle

import numpy as np
import pytest
from batch_plans import orders, shown
from hypothesis import given
from hypothesis import strategies as st

from helpers.batching import fixed, lengths

sizes = {"n": st.integers(1, 200), "batch_size": st.integers(1, 70)}


@given(**sizes, shuffle=orders, k=st.integers(0, 5))
def test_keep_shows_every_row_once(n, batch_size, shuffle, k):
    plan = fixed(n, batch_size, shuffle=shuffle).epoch(k)
    assert shown(plan) == dict.fromkeys(range(n), 1)
    assert plan.sizes.tolist()[:-1] == [batch_size] * (n // batch_size - (n % batch_size == 0))
    assert plan.sizes.sum() == n
    assert not plan.padded
    assert plan.fill == 1


@given(**sizes, shuffle=orders, k=st.integers(0, 5))
def test_drop_misses_the_remainder(n, batch_size, shuffle, k):
    if n < batch_size:
        with pytest.raises(ValueError, match="tail: 'drop' leaves no batch"):
            fixed(n, batch_size, tail="drop", shuffle=shuffle)
        return
    plan = fixed(n, batch_size, tail="drop", shuffle=shuffle).epoch(k)
    counts = shown(plan)
    assert set(counts.values()) == {1}
    assert plan.never_seen.tolist() == sorted(set(range(n)) - set(counts))
    assert len(plan.never_seen) == n % batch_size
    assert set(plan.sizes.tolist()) == {batch_size}


@given(**sizes, shuffle=orders, k=st.integers(0, 5))
def test_pad_shows_every_row_once_in_full_batches(n, batch_size, shuffle, k):
    plan = fixed(n, batch_size, tail="pad", shuffle=shuffle).epoch(k)
    assert shown(plan) == dict.fromkeys(range(n), 1)
    assert set(plan.sizes.tolist()) == {batch_size}
    assert plan.padded == (n % batch_size > 0)
    assert plan.never_seen.size == plan.seen_twice.size == 0
    for i, batch in enumerate(plan):  # a padding slot repeats a row that is really in this batch
        real = plan.weights(i) == 1
        assert real[0]
        assert set(batch[~real]) <= set(batch[real])


@given(**sizes, shuffle=orders, k=st.integers(0, 5))
def test_wrap_shows_the_start_of_the_epoch_again(n, batch_size, shuffle, k):
    plan = fixed(n, batch_size, tail="wrap", shuffle=shuffle).epoch(k)
    counts = shown(plan)
    assert set(counts) == set(range(n))
    assert sum(counts.values()) - n == -n % batch_size
    assert set(plan.sizes.tolist()) == {batch_size}
    assert plan.seen_twice.tolist() == sorted(row for row, times in counts.items() if times > 1)
    order = [row for batch in plan for row in batch.tolist()]
    assert order[n:] == [order[i % n] for i in range(len(order) - n)]


@given(
    **sizes,
    tail=st.sampled_from(["keep", "pad", "wrap"]),
    shuffle=orders,
    k=st.integers(0, 5),
)
def test_restore_undoes_the_plan(n, batch_size, tail, shuffle, k):
    plan = fixed(n, batch_size, tail=tail, shuffle=shuffle).epoch(k)
    x = np.arange(n * 2).reshape(n, 2)
    outputs = np.concatenate([x[batch] for batch in plan])
    assert np.array_equal(plan.restore(outputs), x)
    assert plan.restore([row.tolist() for row in outputs]) == x.tolist()


@given(**sizes, tail=st.sampled_from(["keep", "pad", "wrap"]), data=st.data())
def test_fill_and_shapes_say_what_is_computed(n, batch_size, tail, data):
    tokens = data.draw(st.lists(st.integers(0, 50), min_size=n, max_size=n))
    plan = fixed(n, batch_size, tail=tail, shuffle=0, lengths=tokens)
    computed = [(len(batch), max(tokens[row] for row in batch)) for batch in plan]
    total = sum(size * length for size, length in computed)
    assert plan.fill == pytest.approx(sum(tokens) / total if total else 1)
    assert 0 < plan.fill <= 1
    assert plan.shapes == tuple(sorted(set(computed)))


@pytest.mark.parametrize(
    ("tail", "batch_sizes", "never", "twice", "fill"),
    [
        ("keep", [32, 32, 32, 9], 0, 0, 1),
        ("drop", [32, 32, 32], 9, 0, 1),
        ("pad", [32, 32, 32, 32], 0, 0, 105 / 128),
        ("wrap", [32, 32, 32, 32], 0, 23, 105 / 128),
    ],
)
def test_the_case_of_105_rows(tail, batch_sizes, never, twice, fill):
    plan = fixed(105, 32, tail=tail)
    assert plan.sizes.tolist() == batch_sizes
    assert (len(plan.never_seen), len(plan.seen_twice)) == (never, twice)
    assert plan.fill == pytest.approx(fill)
    assert plan.shapes == tuple((size, None) for size in sorted(set(batch_sizes)))
    assert plan[0].tolist() == list(range(32))


def test_a_dropped_row_counts_neither_as_token_nor_as_padding():
    plan = fixed(3, 2, tail="drop", lengths=[1, 3, 100])
    assert plan.fill == pytest.approx(4 / 6)
    assert plan.shapes == ((2, 3),)


def test_wrap_repeats_a_data_set_smaller_than_a_batch():
    plan = fixed(3, 8, tail="wrap")
    assert [batch.tolist() for batch in plan] == [[0, 1, 2, 0, 1, 2, 0, 1]]
    assert plan.seen_twice.tolist() == [0, 1, 2]
    assert plan.fill == pytest.approx(3 / 8)


def test_order_is_the_documented_function_of_seed_and_epoch():
    plan = fixed(50, 8, shuffle=7)
    late = plan.epoch(5)  # asking for a late epoch first changes nothing
    for k in (0, 1, 5):
        expected = np.random.default_rng([7, k]).permutation(50)
        assert np.array_equal(np.concatenate(list(plan.epoch(k))), expected)
        assert np.array_equal(late.epoch(k).rows, expected)
    assert not np.array_equal(plan.epoch(0).rows, plan.epoch(1).rows)
    assert not np.array_equal(plan.rows, fixed(50, 8, shuffle=8).rows)


def test_without_shuffle_every_epoch_is_the_same_plan():
    plan = fixed(5, 2)
    assert plan.epoch(3) is plan
    assert np.concatenate(list(plan)).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("tail", ["keep", "pad"])
def test_a_plan_survives_pickling(tail):
    plan = fixed(10, 4, tail=tail, shuffle=3, lengths=range(10))
    copy = pickle.loads(pickle.dumps(plan))
    for k in (0, 2):
        assert np.array_equal(copy.epoch(k).rows, plan.epoch(k).rows)
        assert copy.epoch(k).fill == plan.epoch(k).fill


def test_a_million_rows():
    plan = fixed(1_000_000, 32, tail="pad", shuffle=0, lengths=np.arange(1_000_000))
    assert (len(plan), plan.rows.nbytes, plan.real.nbytes) == (31_250, 8_000_000, 1_000_000)
    assert plan.never_seen.size == 0


def test_a_plan_is_a_sequence_of_read_only_batches():
    plan = fixed(5, 2)
    assert plan[-1].tolist() == [4]
    assert plan[0].dtype == np.int64
    assert plan.weights(2).dtype == np.float32
    for i in (3, -4):
        with pytest.raises(IndexError, match=f"batch {i} of a plan with 3 batches"):
            plan[i]
        with pytest.raises(IndexError):
            plan.weights(i)
    with pytest.raises(ValueError, match="read-only"):
        plan[0][0] = 4
    with pytest.raises(AttributeError):
        plan.n = 6


def test_heights_and_widths_in_a_fixed_plan():
    pixels = [(2, 3), (4, 1), (5, 5)]
    plan = fixed(3, 2, lengths=pixels)
    assert plan.padded_lengths.tolist() == [[4, 3], [5, 5]]
    assert plan.shapes == ((1, 5, 5), (2, 4, 3))
    assert plan.fill == pytest.approx((6 + 4 + 25) / (24 + 25))
    assert (plan.axes, fixed(3, 2).axes, plan.boundaries) == (2, 1, None)
    assert fixed(3, 2, tail="pad", lengths=pixels).fill == pytest.approx(35 / (24 + 50))
    again = fixed(3, 2, shuffle=1, lengths=pixels).epoch(3)
    expected = [np.max([pixels[row] for row in batch], axis=0).tolist() for batch in again]
    assert again.padded_lengths.tolist() == expected
    assert fixed(2, 2, lengths=[(0, 5), (0, 7)]).fill == 1


def test_the_callers_lengths_are_copied():
    tokens = np.array([1, 2, 3])
    plan = fixed(3, 3, lengths=tokens)
    tokens[0] = 99
    assert plan.lengths.tolist() == [1, 2, 3]
    assert plan.fill == pytest.approx(6 / 9)


def test_rows_of_length_zero_only_leave_nothing_to_pad():
    assert fixed(3, 2, lengths=[0, 0, 0]).fill == 1


def test_numpy_integers_are_integers():
    plan = fixed(np.int32(5), np.uint8(2), shuffle=np.int64(1))
    assert plan.sizes.tolist() == [2, 2, 1]
    assert plan.epoch(np.int64(2)).number == 2


def test_repr_is_one_line_that_says_what_the_plan_costs():
    assert repr(fixed(105, 32, tail="pad", shuffle=7)) == (
        "Plan(105 rows, 4 batches: 4 of 32, tail='pad', seed 7 epoch 0, never seen 0, "
        "seen twice 0, padding slots 23, fill 0.820)"
    )
    assert "3 of 32, 1 of 9, tail='keep', row order" in str(fixed(105, 32))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 0}, ValueError, "n: expected an integer of at least 1, got 0"),
        ({"n": -3}, ValueError, "n: .* got -3"),
        ({"n": 10.0}, TypeError, "n: expected an integer, got float 10.0"),
        ({"n": True}, TypeError, "n: expected an integer, got bool True"),
        ({"n": np.True_}, TypeError, "n: expected an integer, got bool"),
        ({"batch_size": 0}, ValueError, "batch_size: .* at least 1, got 0"),
        ({"batch_size": "4"}, TypeError, "batch_size: expected an integer, got str '4'"),
        ({"batch_size": False}, TypeError, "batch_size: .* got bool False"),
        ({"tail": "cut"}, ValueError, "tail: expected one of 'keep', 'drop', .* got 'cut'"),
        ({"tail": None}, ValueError, "tail: .* got None"),
        ({"tail": "drop", "batch_size": 11}, ValueError, "n=10 is less than batch_size=11"),
        ({"shuffle": -1}, ValueError, "shuffle: .* got -1"),
        ({"shuffle": True}, TypeError, "shuffle: .* got bool True"),
        ({"shuffle": 0.5}, TypeError, "shuffle: .* got float 0.5"),
        ({"lengths": [1] * 9}, ValueError, r"lengths: expected shape \(10,\).* got \(9,\)"),
        ({"lengths": np.ones((10, 1), int)}, ValueError, r"lengths: .* got \(10, 1\)"),
        ({"lengths": [1] * 9 + [-2]}, ValueError, "lengths: .* got -2 for row 9"),
        ({"lengths": [np.nan] * 10}, TypeError, "lengths: expected integers, got dtype float64"),
        ({"lengths": [1.5] * 10}, TypeError, "lengths: expected integers"),
        ({"lengths": [True] * 10}, TypeError, "lengths: expected integers, got dtype bool"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        fixed(**{"n": 10, "batch_size": 4} | arguments)


@pytest.mark.parametrize(("k", "error"), [(-1, ValueError), (1.0, TypeError), (True, TypeError)])
def test_a_bad_epoch_is_refused(k, error):
    with pytest.raises(error, match=r"^k: "):
        fixed(5, 2).epoch(k)


def test_restore_refuses_what_it_cannot_put_back():
    plan = fixed(105, 32, tail="drop")
    with pytest.raises(ValueError, match=r"9 of 105 rows were never seen \(the first is row 96\)"):
        plan.restore(np.zeros((96, 1)))
    with pytest.raises(ValueError, match="the plan's 96 slots, got 105"):
        plan.restore(np.zeros((105, 1)))
    with pytest.raises(ValueError, match="slots, got 0"):
        plan.restore(np.float64(3))


def test_restore_takes_the_first_output_of_a_repeated_row():
    assert fixed(3, 2, tail="wrap").restore(np.array([0, 1, 2, 99])).tolist() == [0, 1, 2]


def test_lengths_of_rows():
    assert lengths([np.zeros((3, 12)), np.zeros((0, 12)), [1, 2]]).tolist() == [3, 0, 2]
    assert lengths(np.zeros((4, 7, 2))).tolist() == [7] * 4
    assert lengths([[1]]).dtype == np.int64


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([], ValueError, "rows: expected at least one row"),
        ((row for row in [[1]]), TypeError, "rows: expected a list of rows, got generator"),
        ("abc", TypeError, "got str"),
        ([[1], 2], TypeError, "in row 1, got int"),
        ([np.float32(1)], TypeError, "in row 0, got a scalar"),
        (["abc"], TypeError, "in row 0, got str"),
        (np.zeros(3), TypeError, "in row 0, got a scalar"),
    ],
)
def test_rows_without_a_length_are_refused(rows, error, message):
    with pytest.raises(error, match=message):
        lengths(rows)
