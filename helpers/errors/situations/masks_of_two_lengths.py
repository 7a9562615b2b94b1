import keras
import numpy as np


def provoke():
    words, tags = keras.Input((5,)), keras.Input((7,))
    keras.ops.logical_and(words != 0, tags != 0)


def mend():
    words, tags = keras.Input((None,)), keras.Input((None,))
    both = keras.ops.cast(keras.ops.logical_and(words != 0, tags != 0), "float32")
    steps = keras.ops.sum(both, axis=1, keepdims=True)
    model = keras.Model([words, tags], keras.layers.Dense(1)(steps))
    lists = [[[3, 1], [4, 2, 6]], [[5, 1, 7, 2], [8]]]  # words, tags
    padded = [keras.utils.pad_sequences(rows, padding="post") for rows in lists]
    return model, [([x[:1], x[1:]], np.ones((1, 1))) for x in padded]
