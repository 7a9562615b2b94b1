"""What an article of 2025-01-30 claims about equal dimensions in `fit`, settled by running it.

The three listings run as printed, but for one epoch. `book/claims.yml` names these tests; others
of the same article are in `test_masking.py`.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from claim_runs import SAME
from claim_runs import seeded as seeded
from keras import layers

RNG = np.random.default_rng(0)
LENGTHS = [5, 6, 7, 8]
TRAP = [5, 5, 7, 8]  # the same as LENGTHS but for the second batch


pytestmark = [
    pytest.mark.slow,
    # of a generator the end of the data is a surprise to Keras
    pytest.mark.filterwarnings("ignore:.*input ran out of data"),
    pytest.mark.filterwarnings("ignore:.*shuffle=True. was passed"),
]


def batch(steps, rows=2):
    """Return inputs (rows, steps, 10) and targets (rows, 1)."""
    x = RNG.normal(size=(rows, steps, 10)).astype("float32")
    return x, np.ones((rows, 1), "float32")


class Batches(keras.utils.PyDataset):
    """Batches as they are."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def generator(batches):
    return (pair for pair in batches)


def signed(batches):
    """Return a tf.data.Dataset whose signature leaves rows and steps open."""
    spec = tf.TensorSpec((None, None, 10)), tf.TensorSpec((None, 1))
    return tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=spec)


class Watch(layers.Layer):
    """Note the shapes that come by; the model has to run eagerly."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, x):
        self.seen.append(tuple(x.shape))
        return x


def series_model(*stack, steps=None, **options):
    """Return a compiled model for batches of ten features; it runs eagerly unless told."""
    model = keras.Sequential([keras.Input((steps, 10)), *stack, layers.Dense(1)])
    model.compile("sgd", "mse", **{"run_eagerly": True} | options)
    return model


def updates(model):
    """Return the steps of training so far.

    Of a generator the model has to run eagerly: in a graph the step that finds no batch counts too.
    """
    return int(model.optimizer.iterations)


# Between batches and within one


def test_batches_may_differ_unless_keras_reads_one_length_off_the_first_two():
    def run(source, lengths, method="fit"):
        model = series_model(layers.LSTM(3))
        getattr(model, method)(source([batch(steps) for steps in lengths]), verbose=0)
        return updates(model)

    words = r"element of shape \(2, [78], 10\) where an element of shape \(None, 5, 10\)"
    for source in (Batches, generator):
        for method in ("fit", "evaluate", "predict"):
            run(source, LENGTHS, method)
            with pytest.raises(tf.errors.InvalidArgumentError, match=words):
                run(source, TRAP, method)
    assert run(signed, LENGTHS) == run(signed, TRAP) == 4
    model = series_model(layers.LSTM(3), run_eagerly=False)
    for steps in TRAP:
        model.train_on_batch(*batch(steps))
    assert updates(model) == 4


def test_rows_of_one_batch_have_one_shape_unless_they_are_ragged():
    words = [[1, 2, 3], [4]]
    ragged, y = tf.ragged.constant(words), np.ones((2, 1))
    pooled = keras.Sequential([layers.Embedding(10, 4), layers.GlobalAveragePooling1D()])
    alone = [pooled.predict(np.array([row]), verbose=0)[0] for row in words]
    assert np.abs(pooled.predict(ragged, verbose=0) - alone).max() < SAME
    pooled.compile("sgd", "mse")
    assert np.isfinite(pooled.train_on_batch(ragged, np.ones((2, 4))))
    for layer, message in (
        (layers.LSTM(2), "Cannot index into an inner ragged dimension"),
        (layers.Conv1D(2, 1), "Failed to convert elements of tf.RaggedTensor"),
    ):
        model = keras.Sequential([layers.Embedding(10, 4), layer])
        model.compile("sgd", "mse")
        with pytest.raises((TypeError, ValueError), match=message):
            model.train_on_batch(ragged, y)
    with pytest.raises(ValueError, match="inhomogeneous shape"):
        np.array(words)


def test_no_batch_of_several_shapes_reaches_the_model():
    watch = Watch()
    model = series_model(watch, layers.LSTM(3))
    rows, y = [batch(steps, 1)[0][0] for steps in (5, 7)], np.ones((2, 1))
    watch.seen.clear()
    with pytest.raises(ValueError, match="all input arrays must have the same shape"):
        model.fit(np.stack(rows), y, verbose=0)
    with pytest.raises(ValueError, match="Data cardinality is ambiguous"):
        model.fit(rows, y, verbose=0)
    spec = tf.TensorSpec((None, 10)), tf.TensorSpec((1,))
    pairs = tf.data.Dataset.from_generator(lambda: zip(rows, y, strict=True), output_signature=spec)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot batch tensors") as raised:
        model.fit(pairs.batch(2), verbose=0)
    assert not isinstance(raised.value, ValueError)
    assert watch.seen == []
    model.fit(pairs.batch(1), verbose=0)
    assert watch.seen == [(1, 5, 10), (1, 7, 10)]


# What fit takes


def test_a_batch_is_one_step_of_training():
    for rows, batch_size in ((10, 4), (10, 10), (3, 1)):
        model = series_model(layers.LSTM(3))
        model.fit(*batch(5, rows), batch_size=batch_size, verbose=0)
        assert updates(model) == -(-rows // batch_size)


def test_batch_size_cuts_arrays_and_is_ignored_for_batches():
    def rows_seen(*data):
        watch = Watch()
        model = series_model(watch, layers.GlobalAveragePooling1D())
        watch.seen.clear()
        model.fit(*data, batch_size=32, verbose=0)
        return [shape[0] for shape in watch.seen]

    assert rows_seen(*batch(2, 1000)) == [32] * 31 + [8]
    batches = [batch(2, rows) for rows in (4, 50)]
    assert rows_seen(generator(batches)) == [4, 50]
    assert rows_seen(signed(batches)) == [4, 50]
    assert sorted(rows_seen(Batches(batches))) == [4, 50]


def test_fit_splits_rows_of_several_lengths_only_as_a_ragged_tensor():
    watch, y = Watch(), np.ones((4, 1))
    rows = [batch(steps, 1)[0][0] for steps in LENGTHS]
    model = series_model(watch, layers.GlobalAveragePooling1D())
    with pytest.raises(ValueError, match="Data cardinality is ambiguous"):
        model.fit(rows, y, batch_size=2, verbose=0)
    watch.seen.clear()
    ragged = tf.RaggedTensor.from_row_lengths(np.concatenate(rows), LENGTHS)
    model = keras.Sequential([watch, layers.GlobalAveragePooling1D()])
    model.compile("sgd", "mse", run_eagerly=True)
    model.predict(ragged, batch_size=2, verbose=0)
    assert watch.seen[-2:] == [(2, None, 10)] * 2


@pytest.mark.filterwarnings("ignore:The structure of .inputs.")
def test_the_same_two_arrays_are_rows_or_inputs_or_batches():
    watch = Watch()
    pair = [np.ones((5, 10), "float32"), np.zeros((5, 10), "float32")]
    model = series_model(watch, layers.GlobalAveragePooling1D())
    watch.seen.clear()
    model.predict(np.array(pair), verbose=0)
    assert watch.seen == [(2, 5, 10)]
    model.predict(((array[None],) for array in pair), verbose=0)
    assert watch.seen == [(2, 5, 10), (1, 5, 10), (1, 5, 10)]
    with pytest.raises(ValueError, match="Invalid input shape"):
        model.predict(pair, verbose=0)
    both = [keras.Input((10,)), keras.Input((10,))]
    two_inputs = keras.Model(both, layers.Subtract()(both))
    assert two_inputs.predict(pair, verbose=0).shape == (5, 10)


@pytest.mark.parametrize("source", [Batches, generator, signed])
def test_batches_may_have_any_number_of_rows(source):
    model = series_model(layers.LSTM(3))
    model.fit(source([batch(5, rows) for rows in (3, 3, 1, 4)]), verbose=0)
    assert updates(model) == 4


# Which layers fix which axis


def test_a_convolution_fixes_the_channels_and_neither_height_nor_width():
    convolution = layers.Conv2D(4, 3)
    images = keras.Input((None, None, 3))
    model = keras.Model(images, layers.GlobalAveragePooling2D()(convolution(images)))
    model.compile("sgd", "mse")
    for size in ((32, 32), (20, 48), (64, 16)):
        assert convolution(np.ones((2, *size, 3))).shape == (2, size[0] - 2, size[1] - 2, 4)
        assert np.isfinite(model.train_on_batch(np.ones((2, *size, 3)), np.ones((2, 4))))
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 3"):
        convolution(np.ones((2, 32, 32, 1)))


def test_the_layers_decide_whether_the_length_may_vary():
    free = [
        [layers.LSTM(3)],
        [layers.Conv1D(3, 2), layers.GlobalMaxPooling1D()],
        [layers.Dense(3), layers.GlobalAveragePooling1D()],
    ]
    for stack in free:
        model = series_model(*stack)
        for steps in LENGTHS:
            model.train_on_batch(*batch(steps))
        assert updates(model) == 4
    fixed = series_model(layers.Flatten(), steps=5)
    fixed.train_on_batch(*batch(5))
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=r"\b60\b"):
        fixed.train_on_batch(*batch(6))
    with pytest.raises(ValueError, match="must be fully-defined"):
        series_model(layers.Flatten())


# The first listing: images of one size


def image_model():
    """Return the network of the first listing."""
    model = keras.Sequential(
        [
            layers.Flatten(input_shape=(28, 28)),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def images(count, *size):
    y = keras.utils.to_categorical(RNG.integers(0, 10, count), num_classes=10)
    return RNG.random((count, *size)), y


def test_the_first_listing_trains_in_32_batches():
    with pytest.warns(UserWarning, match="Do not pass an `input_shape`"):
        model = image_model()
    history = model.fit(*images(1000, 28, 28), batch_size=32, verbose=0)
    assert updates(model) == 32
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
def test_the_dense_layer_behind_flatten_fixes_the_number_of_pixels_and_not_the_size():
    flatten = layers.Flatten(input_shape=(28, 28))
    assert flatten(np.ones((2, 28, 30))).shape == (2, 840)
    assert keras.Sequential([flatten]).predict(np.ones((2, 28, 30)), verbose=0).shape == (2, 840)
    model = image_model()
    with pytest.raises(ValueError, match=r"value 784, but received input with shape .*840"):
        model.fit(*images(4, 28, 30), verbose=0)
    model = image_model()
    model.fit(*images(4, 14, 56), verbose=0)
    assert updates(model) == 1


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_the_batch_size_does_not_change_which_rows_fit(batch_size):
    model = image_model()
    model.run_eagerly = True
    model.fit(*images(8, 28, 28), batch_size=batch_size, verbose=0)
    assert updates(model) == -(-8 // batch_size)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="840"):
        model.fit(*images(8, 28, 30), batch_size=batch_size, verbose=0)


# The second listing: words


def test_the_second_listing_trains_in_batches_of_two_and_one():
    sequences = [[1, 2, 3], [4, 5], [6, 7, 8, 9]]
    x = keras.utils.pad_sequences(sequences, maxlen=4, padding="post")
    with pytest.warns(UserWarning, match="Argument `input_length` is deprecated"):
        embedding = layers.Embedding(input_dim=10, output_dim=32, input_length=4)
    model = keras.Sequential([embedding, layers.LSTM(64), layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, np.array([0, 1, 0]), batch_size=2, verbose=0)
    assert updates(model) == 2
    assert np.isfinite(history.history["loss"]).all()


def test_pad_sequences_is_documented_in_keras_utils():
    old = tf.keras.preprocessing.sequence.pad_sequences
    assert old is keras.utils.pad_sequences


# The third listing: series of 10 to 19 steps


def series():
    """Return the rows of the third listing, padded as it pads them."""
    data = [RNG.random((steps, 10)) for steps in range(10, 20)]
    longest = max(row.shape[0] for row in data)
    return data, np.array(
        [np.pad(row, ((0, longest - row.shape[0]), (0, 0)), "constant") for row in data]
    )


def test_the_third_listing_trains():
    _, padded = series()
    assert padded.shape == (10, 19, 10)
    inputs = keras.Input(shape=(None, 10))
    lstm = layers.LSTM(32)(layers.Masking(mask_value=0.0)(inputs))
    model = keras.Model(inputs=inputs, outputs=layers.Dense(1, activation="sigmoid")(lstm))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(padded, RNG.integers(0, 2, 10), batch_size=2, verbose=0)
    assert updates(model) == 5
    assert np.isfinite(history.history["loss"]).all()


def test_a_mask_saves_no_step_of_the_padding():
    class Counting(layers.SimpleRNNCell):
        def __init__(self):
            super().__init__(3)
            self.runs = tf.Variable(0)

        def call(self, *args, **options):
            self.runs.assign_add(1)
            return super().call(*args, **options)

    def runs(x, *before):
        cell = Counting()
        model = keras.Sequential([keras.Input((None, 10)), *before, layers.RNN(cell)])
        model.predict(x[:2], verbose=0)
        first = int(cell.runs)
        model.predict(x[:2], verbose=0)
        return int(cell.runs) - first

    data, padded = series()
    further = np.pad(padded, ((0, 0), (0, 20), (0, 0)))
    for before in ([], [layers.Masking()]):
        assert runs(further, *before) - runs(padded, *before) == 20
    longest = [max(map(len, data[first : first + 2])) for first in range(0, 10, 2)]
    assert (sum(longest), 5 * padded.shape[1]) == (75, 95)
