"""What CTC reads: greedy decoding, the steps a label needs, and the share of exact matches."""

import numpy as np
import pytest
from ctc_rows import CLASSES, LABELS, STRINGS, masked, read, values
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from helpers.images.ctc import ExactMatch, greedy_decode, steps_needed

pytestmark = pytest.mark.any_backend


# greedy_decode


paths = st.lists(st.lists(st.integers(0, 3), max_size=9), min_size=4, max_size=4)


@given(paths=paths, seed=st.integers(0, 99))
@settings(max_examples=30)
def test_greedy_decode_is_the_loop(paths, seed):
    rng, steps = np.random.default_rng(seed), 9  # one shape: JAX compiles each anew
    best = rng.integers(0, 4, size=(len(paths), steps))
    mask = np.zeros(best.shape, bool)
    for i, path in enumerate(paths):
        best[i, : len(path)], mask[i, : len(path)] = path, True
    logits = np.eye(4)[best] + rng.uniform(0, 0.9, size=(*best.shape, 4))
    lengths = np.array(list(map(len, paths)))
    expected = [read(path) for path in paths]
    logits[~mask & rng.integers(0, 2, size=mask.shape).astype(bool)] = np.nan
    for found in (greedy_decode(logits, lengths), greedy_decode(logits, mask=mask)):
        assert [row.tolist() for row in found] == expected
        assert {row.dtype for row in found} == {np.dtype("int64")}
    back = greedy_decode(logits[:, ::-1], mask=mask[:, ::-1])
    assert [row.tolist() for row in back] == [read(path[::-1]) for path in paths]
    assert [row.tolist() for row in greedy_decode(masked(logits, mask))] == expected
    logits = np.nan_to_num(logits).astype("float32")
    decoded, _ = ops.ctc_decode(logits, lengths.astype("int32"))
    for row, string in zip(ops.convert_to_numpy(decoded)[0], expected, strict=True):
        assert row.tolist() == string + [-1] * (steps - len(string))


def test_greedy_decode_without_lengths_reads_every_step():
    logits = np.eye(3)[[[1, 0, 1, 2, 2], [0, 0, 0, 0, 0]]]
    assert [row.tolist() for row in greedy_decode(logits)] == [[1, 1, 2], []]
    assert [row.tolist() for row in greedy_decode(logits, [2, 0])] == [[1], []]
    assert greedy_decode(np.zeros((0, 4, 3))) == []
    assert [row.tolist() for row in greedy_decode(np.zeros((2, 0, 3)))] == [[], []]


def test_a_masked_step_is_not_there():
    """Two equal classes with a masked step between are one symbol, for loss and metric too."""
    logits, mask = np.eye(3, dtype="float32")[[[1, 0, 1]]] * 30, np.array([[True, False, True]])
    assert greedy_decode(logits, mask=mask)[0].tolist() == [1]
    assert values([[1]], masked(logits, mask))[0] == pytest.approx(0, abs=1e-4)
    metric = ExactMatch()
    metric.update_state([[1]], masked(logits, mask))
    assert float(metric.result()) == 1


def test_steps_needed():
    assert steps_needed(LABELS).tolist() == [3, 3, 8, 0, 1, 5]
    assert steps_needed(LABELS).dtype == "int64"
    assert steps_needed(STRINGS).tolist() == [3, 3, 8, 0, 1, 5]
    assert steps_needed(ops.convert_to_tensor(LABELS)).tolist() == [3, 3, 8, 0, 1, 5]
    assert steps_needed([[0, 1, 0, 1, 0]]).tolist() == [3]
    assert steps_needed([]).shape == (0,)


# ExactMatch


@given(size=st.sampled_from([2, 4]), seed=st.integers(0, 99))
@settings(max_examples=15)
def test_exact_match_is_the_share_of_equal_lists(size, seed):
    rng, metric, right = np.random.default_rng(seed), ExactMatch(), []
    for start in range(0, 6, size):
        strings = STRINGS[start : start + size]
        steps = 9 + start % 4
        best = rng.integers(0, CLASSES, size=(len(strings), steps))
        lengths = np.zeros(len(strings), int)
        for i, string in enumerate(strings):
            path = [state for symbol in string for state in (symbol, symbol, 0)][:9]
            if rng.integers(0, 2) and path:
                path[rng.integers(len(path))] = rng.integers(0, CLASSES)
            best[i, : len(path)], lengths[i] = path, len(path)
        mask = np.arange(steps) < lengths[:, None]
        logits = np.eye(CLASSES, dtype="float32")[best]
        metric.update_state(LABELS[start : start + size], masked(logits, mask))
        found = greedy_decode(logits, lengths)
        right += [row.tolist() == string for row, string in zip(found, strings, strict=True)]
    assert float(metric.result()) == pytest.approx(np.mean(right))
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize(
    ("label", "right"),
    [
        ([1, 2], 1),
        ([1, 2, 0, 0, 0, 0, 0], 1),
        ([0, 1, 2], 1),
        ([1], 0),
        ([2, 1], 0),
        ([1, 3], 0),
        ([1, 2, 2], 0),
        ([1, 2, 1, 2, 1, 2, 1], 0),
        ([], 0),
    ],
)
def test_a_reading_that_is_part_of_the_label_is_not_a_match(label, right):
    metric = ExactMatch()
    labels = np.array(label, int).reshape(1, -1)
    metric.update_state(labels, np.eye(4, dtype="float32")[[[1, 1, 0, 2]]])
    assert float(metric.result()) == right


def test_exact_match_weighs_rows():
    logits = np.eye(4, dtype="float32")[[[1, 0], [2, 0]]]
    for weights in (np.array([3, 1]), np.array([[3.0], [1]])):
        metric = ExactMatch()
        metric.update_state(np.array([[1], [1]]), logits, weights)
        assert float(metric.result()) == 0.75


# Errors


NAN = np.full((1, 2, 3), np.nan)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: greedy_decode(np.zeros((2, 3))), r"logits: .*, got \(2, 3\)"),
        (lambda: greedy_decode(np.zeros((2, 3, 4)), [1]), r"lengths: .* \(2,\), got \(1,\)"),
        (lambda: greedy_decode(np.zeros((2, 3, 4)), [1, 4]), "0 to 3 steps, got 4 in row 1"),
        (lambda: greedy_decode(np.zeros((2, 3, 4)), [-1, 3]), "0 to 3 steps, got -1 in row 0"),
        (lambda: greedy_decode(NAN, [1], [[1, 0]]), "mask: expected None together with lengths"),
        (
            lambda: greedy_decode(NAN, mask=[True, False]),
            r"mask: expected shape \(1, 2\), got \(2,\)",
        ),
        (lambda: greedy_decode(NAN), "logits: expected numbers, got NaN in row 0 at step 0"),
        (lambda: greedy_decode(NAN, mask=[[False, True]]), "got NaN in row 0 at step 1"),
        (lambda: steps_needed(np.zeros(3)), r"labels: expected \(batch, length\), got \(3,\)"),
        (lambda: steps_needed([1, 2]), r"labels: expected a row of symbols, got \(\) in row 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
