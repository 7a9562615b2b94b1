"""What the article of 2025-01-30 claims about batch sizes, settled by running it.

The numbers are the article's: 105 rows in batches of 32. `book/claims.yml` names these tests.
"""

import functools
import math
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from claim_runs import seeded as seeded

pytestmark = pytest.mark.slow

ROWS, BATCH = 105, 32
X = np.arange(ROWS, dtype="float32")[:, None] * np.ones((1, 4), "float32") / ROWS
Y = np.arange(ROWS, dtype="float32")[:, None] / ROWS


class Batches(keras.utils.PyDataset):
    """Rows in batches; keeps the indices Keras asked for and the rows it was given."""

    def __init__(self, x=X, y=Y, length=None, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x, y
        self.length = math.ceil(len(x) / BATCH) if length is None else length
        self.asked, self.sizes, self.epoch_ends = [], {}, 0

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        batch = self.x[index * BATCH : (index + 1) * BATCH]
        self.asked.append(index)
        self.sizes[index] = len(batch)
        return batch, self.y[index * BATCH : (index + 1) * BATCH]

    def on_epoch_end(self):
        self.epoch_ends += 1


def dense_model(*layers):
    model = keras.Sequential([keras.Input(X.shape[1:]), *layers, keras.layers.Dense(1)])
    model.compile(loss="mse", optimizer="sgd")
    return model


@functools.cache
def shared_model():
    """A model for the tests that look at what it is fed, compiled once; each may train it."""
    return dense_model()


def run(method, data, model=None, **options):
    """Call a method of a model with a dataset; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return getattr(model or shared_model(), method)(data, verbose=0, **options)


METHODS = pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])


@METHODS
def test_no_call_reads_more_rows_than_one_batch(method):
    class Disk:
        """An array that, like a file, is read only where it is sliced."""

        def __init__(self, array):
            self.array, self.reads = array, []

        def __len__(self):
            return len(self.array)

        def __getitem__(self, rows):
            self.reads.append(len(self.array[rows]))
            return self.array[rows]

    disk = Disk(X)
    run(method, Batches(x=disk))
    assert max(disk.reads) == BATCH


def test_sequence_is_an_alias_of_pydataset():
    assert tf.keras.utils.Sequence is keras.utils.PyDataset
    assert keras.utils.Sequence is keras.utils.PyDataset


@METHODS
def test_a_model_takes_batches_of_any_size(method):
    assert shared_model().input_shape == (None, 4)
    data = Batches()
    run(method, data)
    assert data.sizes == {0: 32, 1: 32, 2: 32, 3: 9}


def test_a_smaller_batch_raises_where_the_model_names_the_batch_size():
    inputs = keras.Input(batch_shape=(BATCH, 5, 4))
    stateful = keras.Model(inputs, keras.layers.GRU(2, stateful=True)(inputs))
    plain = keras.Sequential([keras.Input((5, 4)), keras.layers.GRU(2)])
    rows = np.ones((ROWS, 5, 4), "float32")
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError)):
        run("predict", Batches(x=rows), stateful)
    assert run("predict", Batches(x=rows[:96]), stateful).shape == (96, 2)
    assert run("predict", Batches(x=rows), plain).shape == (ROWS, 2)


def test_the_same_dataset_fails_or_works_with_the_model():
    class FixedBatch(keras.layers.Layer):
        def call(self, x):  # the mean keeps TensorFlow from optimising the reshape away
            return keras.ops.mean(keras.ops.reshape(x, (BATCH, 2, 2)), axis=1)

    data = Batches()
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Input to reshape is a tensor with 36"
    ):
        run("predict", data, dense_model(FixedBatch()))
    assert run("predict", data).shape == (ROWS, 1)


@METHODS
def test_len_is_the_number_of_batches(method):
    data = Batches()
    run(method, data)
    assert len(data) == 4
    assert set(data.asked) == {0, 1, 2, 3}


@METHODS
def test_a_length_too_small_leaves_rows_out_without_a_word(method):
    data = Batches(length=3)
    run(method, data)
    assert sum(data.sizes.values()) == 96


def test_a_length_too_large_gives_an_empty_batch_and_nan_with_batch_normalisation():
    def trained(length):
        model = dense_model(keras.layers.BatchNormalization())
        history = run("fit", Batches(length=length), model, shuffle=False)
        return history.history["loss"][0], model.predict(X[:2], verbose=0)

    loss, predictions = trained(5)
    assert np.isfinite(loss)
    assert np.isnan(predictions).all()
    loss, predictions = trained(4)
    assert np.isfinite(loss)
    assert np.isfinite(predictions).all()


def test_a_length_too_large_is_harmless_without_batch_normalisation():
    assert np.isfinite(run("predict", Batches(length=5))).all()
    assert run("predict", Batches(length=5)).shape == (ROWS, 1)


def test_a_length_of_zero_raises():
    with pytest.raises(ValueError, match="The PyDataset has length 0"):
        run("fit", Batches(x=X[:31], length=31 // BATCH))


@pytest.mark.parametrize("batch_size", [8, 32, 1000])
@METHODS
def test_batch_size_is_ignored_with_a_dataset(method, batch_size):
    data = Batches()
    run(method, data, batch_size=batch_size)
    assert data.sizes == {0: 32, 1: 32, 2: 32, 3: 9}


def test_floor_division_raises_nothing_and_loses_nine_rows():
    data, model = Batches(length=ROWS // BATCH), dense_model()
    run("fit", data, model)
    seen = {row for index in data.asked for row in range(ROWS)[index * BATCH : (index + 1) * BATCH]}
    assert sorted(set(range(ROWS)) - seen) == list(range(96, 105))
    assert run("predict", data, model).shape == (96, 1)
    with_all, without = (
        np.mean(np.square(model.predict(X[:count], verbose=0) - Y[:count])) for count in (ROWS, 96)
    )
    scored = run("evaluate", data, model)
    assert scored == pytest.approx(without, rel=1e-4)
    assert scored != pytest.approx(with_all, rel=1e-2)


def test_floor_division_rounds_the_batches_down():
    assert ROWS // BATCH == 3
    assert ROWS / BATCH > 3


@pytest.mark.parametrize("make", [list, np.asarray, tf.constant], ids=["list", "numpy", "tensor"])
def test_a_slice_past_the_end_is_shorter_and_never_raises(make):
    rows = make(range(ROWS))
    assert len(rows[96:128]) == 9
    assert len(rows[128:160]) == 0


@METHODS
def test_floor_division_never_asks_for_the_smaller_batch(method):
    data = Batches(length=ROWS // BATCH)
    run(method, data)
    assert data.sizes == {0: 32, 1: 32, 2: 32}


@METHODS
def test_ceil_shows_every_row(method):
    data = Batches(length=math.ceil(ROWS / BATCH))
    run(method, data)
    assert sum(data.sizes.values()) == ROWS


def test_min_changes_no_batch():
    for index in range(math.ceil(ROWS / BATCH)):
        start, end = index * BATCH, (index + 1) * BATCH
        assert np.array_equal(X[start:end], X[start : min(end, ROWS)])


def test_predict_gets_the_smaller_batch_and_gives_its_rows_in_order():
    model, data = shared_model(), Batches()
    predictions = run("predict", data, model)
    assert data.sizes[3] == 9
    np.testing.assert_allclose(predictions, model(X), rtol=1e-5, atol=1e-6)


def test_predict_asks_for_no_index_past_the_end():
    data = Batches()
    run("predict", data)
    assert data.asked == [0, 1, 0, 1, 2, 3]


def test_predict_stops_at_len_of_an_endless_dataset():
    class Endless(Batches):
        def __getitem__(self, index):
            return super().__getitem__(index % 4)

    assert run("predict", Endless(length=4)).shape == (ROWS, 1)
    assert run("predict", Endless(length=8)).shape == (2 * ROWS, 1)


class Guarded(Batches):
    """Ends with the article's idea: an empty array past the end."""

    guard_hits = 0

    def __getitem__(self, index):
        if index >= math.ceil(ROWS / BATCH):
            self.guard_hits += 1
            return np.array([]), np.array([])
        return super().__getitem__(index)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_the_empty_batch_is_never_asked_for():
    data, model = Guarded(), shared_model()
    assert run("predict", data, model).shape == (ROWS, 1)
    assert model.predict(data, steps=10, verbose=0).shape == (ROWS, 1)
    assert data.guard_hits == 0


def test_the_empty_batch_raises_where_it_is_asked_for():
    data = Guarded(length=5)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"yielded an element of shape \(0,\)"):
        run("predict", data)
    assert data.guard_hits >= 1


def test_predictions_are_the_same_without_the_guard():
    np.testing.assert_array_equal(run("predict", Batches()), run("predict", Guarded()))


def test_on_epoch_end_is_called_by_predict():
    data = Batches()
    run("predict", data)
    assert data.epoch_ends == 1


def test_a_dataset_needs_no_position_of_its_own():
    data = Batches()
    first = run("predict", data)
    np.testing.assert_array_equal(run("predict", data), first)


def test_predict_needs_no_labels():
    class OnlyX(Batches):
        def __getitem__(self, index):
            return super().__getitem__(index)[:1]

    np.testing.assert_array_equal(run("predict", OnlyX()), run("predict", Batches()))


def test_a_constructor_without_super_is_warned_of_and_still_works():
    class Forgetful(Batches):
        def __init__(self):
            self.x, self.y, self.length = X, Y, 4
            self.asked, self.sizes, self.epoch_ends = [], {}, 0

    with pytest.warns(UserWarning, match=r"should call `super\(\).__init__\(\*\*kwargs\)`"):
        predictions = shared_model().predict(Forgetful(), verbose=0)
    assert predictions.shape == (ROWS, 1)
    assert Batches(workers=2).workers == 2


def test_input_shape_of_a_layer_is_warned_of():
    with pytest.warns(UserWarning, match="Do not pass an `input_shape`"):
        model = keras.Sequential([keras.layers.Dense(1, input_shape=(4,))])
    assert model.input_shape == (None, 4)


def test_the_corrected_listing_trains_on_images():
    images = np.random.default_rng(0).random((ROWS, 8, 8, 3), "float32")
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    data = Batches(x=images, y=np.arange(ROWS) % 2)
    history = run("fit", data, model, epochs=2)
    assert np.isfinite(history.history["loss"]).all()
    assert data.sizes == {0: 32, 1: 32, 2: 32, 3: 9}
