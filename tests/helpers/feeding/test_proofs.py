"""The proofs find rows that a dataset loses, repeats or changes, and say what they cannot read."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import batching, feeding

pytestmark = pytest.mark.any_backend

X = np.arange(10.0, dtype="float32").reshape(10, 1)


def batches(n, size, stop=None):
    numbers = np.arange(n)
    return [(numbers[i : i + size], numbers[i : i + size]) for i in range(0, stop or n, size)]


@given(st.integers(0, 40), st.integers(1, 9), st.sampled_from(["keep", "pad", "drop"]))
def test_the_rows_of_a_plan_are_seen_as_often_as_the_plan_says(n, size, tail):
    if n == 0 or (tail == "drop" and n < size):
        return
    plan = batching.fixed(n, size, tail=tail)
    data = feeding.PlannedDataset(plan, np.zeros((n, 2)), np.arange(n))
    lost = n % size if tail == "drop" else 0
    assert feeding.rows_seen(data, n).tolist() == [1.0] * (n - lost) + [0.0] * lost


def test_a_row_that_comes_again_or_never_is_seen():
    again = [*batches(10, 4), (X[:2], np.array([[3], [3]]))]
    assert feeding.rows_seen(again, 10).tolist() == [1, 1, 1, 3, 1, 1, 1, 1, 1, 1]
    assert feeding.rows_seen(batches(10, 4, stop=8), 10).tolist() == [1] * 8 + [0] * 2


def test_weights_count():
    weighted = [(X[:3], np.array([0, 1, 2]), np.array([1.0, 0.0, 0.25]))]
    assert feeding.rows_seen(weighted, 3).tolist() == [1.0, 0.0, 0.25]


def test_nothing_is_seen_of_no_rows():
    assert feeding.rows_seen([], 0).shape == (0,)


@pytest.mark.parametrize(
    ("given_batches", "n", "message"),
    [
        ([(X, np.arange(10))], 9, r"batches\[0\]: y: expected numbers of rows from 0 to 8, got 9"),
        ([(X, np.arange(10) - 1)], 10, "from 0 to 9, got -1"),
        ([(X, np.zeros((10, 2), int))], 10, r"expected the shape \(batch,\), got \(10, 2\)"),
        ([(X[:2], np.array([0, 1]), np.ones(3))], 2, r"sample_weight: expected shape \(2,\)"),
    ],
)
def test_targets_that_number_no_rows_are_refused(given_batches, n, message):
    with pytest.raises(ValueError, match=message):
        feeding.rows_seen(given_batches, n)


@pytest.mark.parametrize(
    ("given_batches", "message"),
    [
        ([(X, np.arange(10.0))], "expected numbers of rows, integers, got dtype float64"),
        ([X], r"batches\[0\]: expected \(x, y\) or"),
        (7, "batches: expected batches to go through, got 7"),
    ],
)
def test_what_is_no_batch_of_numbered_rows_is_refused(given_batches, message):
    with pytest.raises(TypeError, match=message):
        feeding.rows_seen(given_batches, 10)


def test_an_epoch_that_does_not_end_is_refused():
    with pytest.raises(ValueError, match="expected an epoch that ends, got 100010 rows for n=10"):
        feeding.rows_seen(itertools.cycle(batches(10, 10)), 10)


def doubling():
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    return keras.Sequential([keras.Input((1,)), dense])


class Off(keras.utils.PyDataset):
    def __init__(self, x, drop=0, add=0.0):
        super().__init__()
        self.x, self.drop, self.add = x, drop, np.float32(add)

    def __len__(self):
        return 2

    def __getitem__(self, i):
        rows = self.x[5 * i : 5 * i + 5]
        return rows[self.drop * i :] + self.add * i


@pytest.mark.slow
def test_the_gap_is_what_a_dataset_does_to_predictions():
    model = doubling()
    assert feeding.prediction_gap(model, Off(X), X) == 0
    assert feeding.prediction_gap(model, Off(X, add=0.5), X) == 0.5
    assert feeding.prediction_gap(model, Off(X, drop=1), X) == np.inf
    spoilt = X.copy()
    spoilt[3] = np.nan
    assert np.isnan(feeding.prediction_gap(model, Off(spoilt), X))


@pytest.mark.slow
def test_the_gap_is_that_of_all_outputs():
    inputs = keras.Input((1,))
    first = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(inputs)
    second = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(inputs)
    model = keras.Model(inputs, {"a": first, "b": second})
    assert feeding.prediction_gap(model, Off(X, add=2.0), X) == 2.0


def test_a_gap_needs_a_model():
    with pytest.raises(TypeError, match="model: expected a model of Keras, got 3"):
        feeding.prediction_gap(3, Off(X), X)
