"""Small models whose answers padding changes: on which side, and from which layer on."""

import keras
import numpy as np
from keras import layers, ops
from leak_parts import BOTH, Entry, floats, numbers, tokens, words

LEAKY: list[Entry] = []


def leaky(first, lost=None, sides=BOTH):
    def add(make):
        LEAKY.append(Entry(make, sides, first, lost))
        return make

    return add


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
