"""Small models whose answers do not depend on padding, each with its rows and options."""

import keras
import numpy as np
from keras import layers, ops
from leak_parts import Entry, floats, numbers, tokens, words

from helpers.masking.lengths import KeepMask
from helpers.padding import pad

RIGHT: list[Entry] = []


def right(make):
    RIGHT.append(Entry(make))
    return make


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
