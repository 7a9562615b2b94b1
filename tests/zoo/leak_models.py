"""A zoo of small models: which of them padding changes, on which side, and from which layer on.

Each entry is a function that returns a model, its rows and options for `padding_leak`. A right
model's answers do not depend on padding; a leaky one's do, on the sides that its mark names.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from helpers.masking.lengths import KeepMask
from helpers.padding import pad

BOTH = ("post", "pre")
LENGTHS = (3, 6, 3)


@dataclass(frozen=True)
class Entry:
    """One model of the zoo, and what is to be found."""

    make: Callable[[], tuple]
    sides: tuple[str, ...] = ()  # on which padding leaks; none: the model is right
    first: str | None = None
    lost: str | None = None

    @property
    def name(self):
        return self.make.__name__


ZOO: list[Entry] = []


def right(make):
    ZOO.append(Entry(make))
    return make


def leaky(first, lost=None, sides=BOTH):
    def add(make):
        ZOO.append(Entry(make, sides, first, lost))
        return make

    return add


def tokens(lengths=LENGTHS, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(1, 9, n) for n in lengths]


def floats(lengths=LENGTHS, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, 4)).astype("float32") for n in lengths]


def words(units=4, mask_zero=True, name=None):
    """An input of token ids, and what an embedding makes of it."""
    inputs = keras.Input((None,), dtype="int32", name=name)
    return inputs, layers.Embedding(9, units, mask_zero=mask_zero)(inputs)


def numbers(masked=False, name=None):
    inputs = keras.Input((None, 4), name=name)
    return inputs, layers.Masking()(inputs) if masked else inputs


def predict_forgets_steps():
    """Tell whether TimeDistributed goes wrong in predict: Keras 3.14.0 to 3.15.1, TensorFlow."""
    version = tuple(int(part) for part in keras.__version__.split(".")[:2])
    return keras.backend.backend() == "tensorflow" and (3, 14) <= version <= (3, 15)


# --- right ---------------------------------------------------------------------------------------


@right
def lstm():
    x, h = words()
    return keras.Model(x, layers.LSTM(3)(h)), tokens()


@right
def gru_sequences():
    x, h = words()
    return keras.Model(x, layers.GRU(3, return_sequences=True)(h)), tokens()


@right
def two_simple_rnns():
    x, h = numbers(masked=True)
    h = layers.SimpleRNN(3, return_sequences=True)(h)
    return keras.Model(x, layers.SimpleRNN(2)(h)), floats()


@right
def bidirectional():
    x, h = numbers(masked=True)
    return keras.Model(x, layers.Bidirectional(layers.SimpleRNN(2))(h)), floats()


@right
def last_step_of_masked_rnn():
    # At a masked step an RNN repeats its last output, so the last step is right on both sides.
    x, h = words()
    return keras.Model(x, layers.SimpleRNN(3, return_sequences=True)(h)[:, -1]), tokens()


@right
def self_attention():
    x, h = words()
    h = layers.MultiHeadAttention(2, 3)(h, h)
    return keras.Model(x, layers.GlobalAveragePooling1D()(h)), tokens()


@right
def attention_of_two_inputs():
    x, h = words(name="x")
    y, query = words(name="y")
    h = layers.Attention()([query, h])
    model = keras.Model({"x": x, "y": y}, layers.GlobalAveragePooling1D()(h))
    return model, {"x": tokens(), "y": tokens((2, 5, 4), seed=2)}


@right
def transformer_block():
    x, h = words()
    a = layers.MultiHeadAttention(2, 2)(h, h)
    h = layers.LayerNormalization()(layers.Add()([h, a]))
    f = layers.Dense(4)(layers.Dense(6, activation="relu")(h))
    h = layers.LayerNormalization()(layers.Add()([h, f]))
    return keras.Model(x, layers.GlobalAveragePooling1D()(h)), tokens()


@right
def dense_and_pooling():
    x, h = words()
    h = layers.LayerNormalization()(layers.Dense(3, activation="tanh")(h))
    return keras.Model(x, layers.GlobalAveragePooling1D()(h)), tokens()


@right
def dense_per_step():
    x, h = numbers()
    return keras.Model(x, layers.Dense(3)(h)), floats()


@right
def convolution_of_one_step():
    x, h = numbers()
    return keras.Model(x, layers.Conv1D(3, 1, activation="relu")(h)), floats()


@right
def causal_convolution_of_raw_zeros():
    # The border of the row is a zero too, so zeros before it change nothing.
    x, h = numbers()
    return keras.Model(x, layers.Conv1D(3, 3, padding="causal")(h)), floats()


@right
def cumulative_sum_of_raw_zeros():
    x, h = numbers()
    return keras.Model(x, ops.cumsum(h, axis=1)), floats()


@right
def masking_of_another_value():
    x = keras.Input((None, 4))
    h = layers.Masking(-1.0)(x)
    return keras.Model(x, layers.SimpleRNN(3)(h)), floats(), {"value": -1}


@right
def shared_layers():
    x, y = keras.Input((None,)), keras.Input((None,))
    embed, rnn = layers.Embedding(9, 4, mask_zero=True), layers.SimpleRNN(3)
    model = keras.Model([x, y], layers.Concatenate()([rnn(embed(x)), rnn(embed(y))]))
    return model, (tokens(), tokens((5, 2, 4), seed=3))


@right
def nested_models():
    x, h = words()
    encoder = keras.Model(x, layers.SimpleRNN(4, return_sequences=True)(h), name="encoder")
    y = keras.Input((None,))
    return keras.Model(y, layers.SimpleRNN(2)(encoder(y))), tokens()


@right
def mask_into_a_nested_model():
    # Keras warns here that the mask is destroyed; the layers inside get it all the same.
    x, h = numbers()
    inner = keras.Model(x, layers.SimpleRNN(2)(layers.Dense(3)(h)), name="inner")
    y = keras.Input((None, 4))
    return keras.Model(y, layers.Dense(2)(inner(layers.Masking()(y)))), floats()


@right
def two_kinds_of_inputs():
    x, h = words(name="text")
    y, g = numbers(masked=True, name="sensor")
    merged = layers.Concatenate()([layers.SimpleRNN(3)(h), layers.SimpleRNN(3)(g)])
    model = keras.Model({"text": x, "sensor": y}, layers.Dense(2)(merged))
    return model, {"text": tokens(), "sensor": floats((2, 4, 7))}


@right
def features_without_time():
    x, h = words()
    y = keras.Input((2,))
    model = keras.Model([x, y], layers.Concatenate()([layers.SimpleRNN(3)(h), y]))
    return model, (tokens(), np.arange(6, dtype="float32").reshape(3, 2))


@right
def several_outputs():
    x, h = words()
    steps = layers.SimpleRNN(3, return_sequences=True)(h)
    pooled = layers.GlobalAveragePooling1D()(steps)
    return keras.Model(x, {"steps": steps, "pooled": pooled, "list": [pooled, steps]}), tokens()


class MaskedMean(keras.Model):
    """Takes the mask into its own hands: no layer here supports masks."""

    def __init__(self):
        super().__init__()
        self.table = layers.Embedding(9, 3)
        self.dense = layers.Dense(2)

    def call(self, ids):
        real = ops.cast(ops.not_equal(ids, 0), "float32")[..., None]
        h = self.dense(self.table(ids)) * real
        return ops.sum(h, axis=1) / ops.sum(real, axis=1)


@right
def mask_by_hand():
    return MaskedMean(), tokens()


@right
def mask_as_an_input():
    x, h = numbers()
    mask = keras.Input((None,), dtype="bool")
    model = keras.Model([x, mask], layers.SimpleRNN(3)(h, mask=mask))
    return model, floats(), {"make": lambda rows, length, side: pad(rows, length, side=side)}


@right
def lengths_as_an_input():
    x, h = numbers()
    n = keras.Input((1,), dtype="int32")
    last = ops.take_along_axis(layers.Dense(3)(h), n[:, :, None] - 1, axis=1)

    def make(rows, length, side):
        return pad(rows, length, side=side)[0], np.array([[len(row)] for row in rows], "int32")

    return keras.Model([x, n], last), floats(), {"make": make, "sides": "post"}


class SoftPooling(layers.Layer):
    """A mean over time weighted by a softmax of scores, padding left out."""

    def __init__(self):
        super().__init__()
        self.score = layers.Dense(1)

    def call(self, h, mask=None):
        scores = self.score(h)[..., 0] + (0.0 if mask is None else ops.where(mask, 0.0, -1e9))
        return ops.sum(ops.softmax(scores, axis=-1)[..., None] * h, axis=1)


@right
def soft_pooling():
    x, h = words()
    return keras.Model(x, SoftPooling()(h)), tokens()


@right
def convolution_that_keeps_the_mask():
    x, h = numbers(masked=True)
    for _ in range(2):
        h = KeepMask(layers.Conv1D(4, 3, padding="same"))(h)
    return keras.Model(x, layers.SimpleRNN(3)(h)), floats()


@right
def pooling_that_keeps_the_mask():
    x, h = words()
    h = KeepMask(layers.MaxPooling1D(2, strides=1, padding="same"))(h)
    return keras.Model(x, layers.GlobalAveragePooling1D()(h)), tokens()


@right
def dropout_in_training():
    x, h = words()
    h = layers.Dropout(0.5)(h)
    h = layers.SimpleRNN(3, dropout=0.3, recurrent_dropout=0.3, return_sequences=True)(h)
    h = layers.GaussianNoise(0.2)(layers.MultiHeadAttention(1, 2, dropout=0.4)(h, h))
    model = keras.Model(x, layers.GlobalAveragePooling1D()(h))
    options = {"check": ("outputs", "loss", "gradients"), "loss": "mse"}
    return model, tokens(), {**options, "targets": np.ones((3, 3), "float32")}


@right
def masked_batch_normalization():
    x, h = words()
    h = layers.SimpleRNN(3)(layers.BatchNormalization()(h))
    options = {"check": ("outputs", "loss", "gradients"), "loss": "mse"}
    return keras.Model(x, h), tokens(), {**options, "targets": np.ones((3, 3), "float32")}


@right
def masked_loss_per_step():
    x, h = words()
    options = {"check": ("outputs", "loss", "gradients"), "loss": "mse"}
    targets = [row[:, None].astype("float32") for row in tokens()]
    return keras.Model(x, layers.Dense(1)(h)), tokens(), {**options, "targets": targets}


# --- leaky ---------------------------------------------------------------------------------------


@leaky("suspect", lost="add")
def plus():
    x, h = words()
    return keras.Model(x, layers.SimpleRNN(3, name="suspect")(h + h)), tokens()


@leaky("suspect", lost="relu")
def relu_operation():
    x, h = words()
    return keras.Model(x, layers.LSTM(3, name="suspect")(ops.relu(h))), tokens()


@leaky("suspect", lost="concatenate")
def concatenate_operation():
    x, h = words()
    h = ops.concatenate([h, h], axis=-1)
    return keras.Model(x, layers.SimpleRNN(3, name="suspect")(h)), tokens()


@leaky("suspect", lost="get_item")
def slice_of_features():
    x, h = words()
    return keras.Model(x, layers.GlobalAveragePooling1D(name="suspect")(h[:, :, :2])), tokens()


class Doubled(keras.Model):
    def __init__(self):
        super().__init__()
        self.table = layers.Embedding(9, 3, mask_zero=True, name="table")
        self.rnn = layers.SimpleRNN(2, name="suspect")

    def call(self, ids):
        return self.rnn(self.table(ids) * 2.0)


@leaky("suspect", lost="multiply")
def times_in_a_subclass():
    return Doubled(), tokens()


@leaky("suspect")
def masking_after_embedding():
    x, h = words(mask_zero=False)
    return keras.Model(x, layers.SimpleRNN(3, name="suspect")(layers.Masking()(h))), tokens()


@leaky("suspect")
def lstm_without_mask():
    x, h = numbers()
    return keras.Model(x, layers.LSTM(3, name="suspect")(h)), floats()


@leaky("suspect", sides=("pre",))
def rnn_without_mask_per_step():
    x, h = numbers()
    return keras.Model(x, layers.SimpleRNN(3, return_sequences=True, name="suspect")(h)), floats()


@leaky("suspect")
def bidirectional_without_mask():
    x, h = numbers()
    h = layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True), name="suspect")(h)
    return keras.Model(x, h), floats()


@leaky("suspect")
def two_convolutions():
    # The first one sees zeros beyond the border with and without padding; it makes them its bias.
    x, h = numbers()
    h = layers.Conv1D(3, 3, padding="same", name="innocent")(h)
    return keras.Model(x, layers.Conv1D(3, 3, padding="same", name="suspect")(h)), floats()


@leaky("suspect", sides=("pre",))
def two_causal_convolutions():
    x, h = numbers()
    h = layers.Conv1D(3, 2, padding="causal")(h)
    return keras.Model(x, layers.Conv1D(3, 2, padding="causal", name="suspect")(h)), floats()


@leaky("suspect", sides=("post",))
def strided_convolution():
    # An odd length moves the windows by one, counted from the front; from the end they stay.
    x, h = numbers()
    h = layers.Conv1D(3, 3, strides=2, padding="same", name="suspect")(h)
    return keras.Model(x, h), floats((3, 6, 6)), {"amounts": (1, 2)}


@leaky("suspect")
def convolution_drops_the_mask():
    x, h = words()
    h = layers.Conv1D(3, 3, padding="same", name="suspect")(h)
    return keras.Model(x, layers.SimpleRNN(2)(h)), tokens()


@leaky("suspect")
def global_max_pooling():
    x, h = numbers()
    h = layers.Dense(6)(h)
    return keras.Model(x, layers.GlobalMaxPooling1D(name="suspect")(h)), floats()


@leaky("suspect")
def global_average_pooling():
    x, h = numbers()
    return keras.Model(x, layers.GlobalAveragePooling1D(name="suspect")(h)), floats()


@leaky("suspect", sides=("pre",))
def average_pooling_in_pairs():
    x, h = numbers()
    return keras.Model(x, layers.AveragePooling1D(2, name="suspect")(h)), floats()


@leaky("sum")
def sum_over_time():
    x, h = words()
    return keras.Model(x, ops.sum(layers.Dense(3)(h), axis=1)), tokens()


@leaky("sum")
def sum_of_raw_ones():
    x, h = numbers()
    return keras.Model(x, ops.sum(h, axis=1)), floats(), {"value": 1}


@leaky("suspect", sides=("pre",))
def flatten_to_a_fixed_length():
    x, h = numbers()

    def flatten(h):
        h = ops.concatenate([h, ops.zeros_like(h), ops.zeros_like(h), ops.zeros_like(h)], axis=1)
        return ops.reshape(h[:, :12], (-1, 48))

    h = layers.Lambda(flatten, output_shape=(48,), name="suspect")(h)
    return keras.Model(x, layers.Dense(2)(h)), floats((3, 6, 4)), {"amounts": (1, 2)}


@leaky("suspect")
def attention_without_mask():
    x, h = numbers()
    return keras.Model(x, layers.MultiHeadAttention(1, 3, name="suspect")(h, h)), floats()


@leaky("suspect", lost="add")
def attention_after_plus():
    x, h = words()
    h = h + 1.0
    return keras.Model(x, layers.Attention(name="suspect")([h, h])), tokens()


@leaky("suspect")
def softmax_over_time():
    x, h = numbers()
    return keras.Model(x, layers.Softmax(axis=1, name="suspect")(layers.Dense(1)(h))), floats()


@leaky("flip")
def sum_from_the_end():
    x, h = numbers()
    return keras.Model(x, ops.cumsum(ops.flip(h, axis=1), axis=1)), floats()


class Positions(layers.Layer):
    """Adds a learned vector for each place, counted from the front of the array."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.table = layers.Embedding(30, 4)

    def call(self, h):
        return h + self.table(ops.arange(ops.shape(h)[1]))


@leaky("suspect", sides=("pre",))
def positions():
    x, h = words()
    h = Positions(name="suspect")(h)
    return keras.Model(x, layers.GlobalAveragePooling1D()(h)), tokens()


@leaky("get_item", sides=("post",))
def last_step():
    x, h = numbers()
    return keras.Model(x, layers.Dense(3)(h)[:, -1]), floats()


@leaky("get_item", sides=("pre",))
def first_step():
    x, h = numbers()
    return keras.Model(x, layers.Dense(3)(h)[:, 0]), floats()


@leaky("suspect")
def normalization_over_time():
    x, h = numbers()
    return keras.Model(x, layers.UnitNormalization(axis=1, name="suspect")(layers.Dense(3)(h))), (
        floats()
    )


@leaky("suspect")
def group_normalization():
    x, h = numbers()
    return keras.Model(x, layers.GroupNormalization(1, name="suspect")(h)), floats()


class DividedByLength(layers.Layer):
    def call(self, h):
        return h / ops.cast(ops.shape(h)[1], "float32")


@leaky("suspect")
def divided_by_the_padded_length():
    x, h = numbers()
    return keras.Model(x, DividedByLength(name="suspect")(h)), floats()


@leaky("suspect")
def one_of_two_inputs_masked():
    x, h = words(name="a")
    y, g = words(mask_zero=False, name="b")
    h = layers.Concatenate()([layers.SimpleRNN(2)(h), layers.SimpleRNN(2, name="suspect")(g)])
    return keras.Model({"a": x, "b": y}, h), {"a": tokens(), "b": tokens((4, 2, 5))}


@leaky("suspect")
def inside_a_nested_model():
    x, h = numbers()
    inner = keras.Model(x, layers.SimpleRNN(2, name="suspect")(layers.Dense(3)(h)), name="inner")
    y = keras.Input((None, 4))
    return keras.Model(y, layers.Dense(2)(inner(layers.Dense(4)(y)))), floats()


class Sums(keras.Model):
    """Its own ``call`` is to blame: what its layer gets has changed already."""

    def __init__(self):
        super().__init__(name="suspect")
        self.dense = layers.Dense(3)

    def call(self, x):
        return self.dense(ops.sum(x + 1.0, axis=1))


@leaky("suspect")
def sum_in_a_subclass():
    return Sums(), floats()


@leaky("mean")
def logarithm_of_zero():
    x = keras.Input((None, 4))
    return keras.Model(x, ops.mean(ops.log(x), axis=1)), [np.abs(row) for row in floats()]


@leaky("suspect")
def batch_normalization_in_training():
    x, h = numbers()
    h = layers.BatchNormalization(name="suspect")(h)
    h = layers.SimpleRNN(3)(layers.Masking(mask_value=99.0)(h[:, :1]))
    options = {"check": ("loss", "gradients"), "loss": "mse", "sides": "post"}
    return keras.Model(x, h), floats(), {**options, "targets": np.ones((3, 3), "float32")}


@leaky(None)
def loss_over_padded_steps():
    x, h = numbers()
    options = {"check": ("outputs", "loss", "gradients"), "loss": "mse"}
    targets = [row[:, :1] for row in floats(seed=5)]
    return keras.Model(x, layers.Dense(1)(h)), floats(), {**options, "targets": targets}


@leaky(None, lost="add")
def loss_after_plus():
    x, h = words()
    options = {"check": ("outputs", "loss", "gradients"), "loss": "mse"}
    targets = [row[:, None].astype("float32") for row in tokens()]
    return keras.Model(x, layers.Dense(1)(h) + 1.0), tokens(), {**options, "targets": targets}


def dense_in_time_distributed():
    x, h = numbers()
    return keras.Model(x, layers.TimeDistributed(layers.Dense(3))(h)), floats()


ZOO.append(Entry(dense_in_time_distributed, sides=BOTH if predict_forgets_steps() else ()))
