"""Programs of the audit's zoo about the values of the input and of padding."""

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled, ids, vectors
from keras import layers

LENGTHS = (7, 2, 5, 3)


def targets(n=4, size=3):
    return np.ones((n, size), "float32")


def counts(value, seed=0):
    """Counts for each timestep, 0 among them, padded with a value."""
    x = np.random.default_rng(seed).poisson(1.5, (4, 7, 1)).astype("float32")
    x[:, 1] = np.array([0, 2, 0, 0])[:, None]
    for row, length in enumerate(LENGTHS):
        x[row, length - 1], x[row, length:] = 2, value
    return x


# RE112: the value that is masked is data, too


@breaks("RE112")
def counts_of_zero_are_masked(broken):
    value = 0.0 if broken else -1.0
    model = keras.Sequential([keras.Input((None, 1)), layers.Masking(value), layers.GRU(3)])
    return {"model": compiled(model), "data": Rows(counts(value), targets(), size=2)}


@breaks("RE112")
def labels_numbered_from_zero(broken):
    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = layers.Embedding(10, 4, mask_zero=True)
            self.rnn = layers.SimpleRNN(3)

        def call(self, batch):
            return self.rnn(self.embed(batch["words"]))

    words = ids() - 1 if broken else ids()
    words[:, 1] = 0 if broken else 1
    words[ids() == 0] = 0
    words[:, 0] = 5
    words[1, 1] = 4
    return {"model": compiled(Reader()), "data": ({"words": words}, targets())}


@breaks("RE112")
def real_zeros_within_given_lengths(broken):
    value = 0.0 if broken else -9.0
    x = vectors(value=value)
    x[0, 3:5], x[2, 4] = 0, 0  # a sensor at rest
    inputs = keras.Input((None, 3))
    h = layers.Masking(value)(inputs)
    model = compiled(keras.Model(inputs, layers.Bidirectional(layers.LSTM(2))(h)))
    return {"model": model, "data": (x, targets(4, 4)), "lengths": list(LENGTHS)}


@breaks("RE112")
def tags_of_real_words_are_skipped(broken):
    words = ids(side="pre")
    words[0, 2:5] = [3, 0 if broken else 9, 4]
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(10, 4, mask_zero=True)(inputs)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(h))
    model.compile("sgd", "sparse_categorical_crossentropy")

    def batches():
        yield words, np.ones((4, 7), "int32")

    data = {"model": model, "data": batches, "fit": {"steps_per_epoch": 1}}
    return {**data, "ignore": ["generator-ends"]}
