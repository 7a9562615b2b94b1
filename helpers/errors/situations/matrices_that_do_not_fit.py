import keras
import numpy as np


def provoke():
    keras.ops.matmul(np.ones((2, 5, 4)), np.ones((2, 7, 4)))


def mend():
    query, key = keras.Input((None, 4)), keras.Input((None, 4))
    scores = keras.ops.matmul(keras.layers.Dense(4)(query), keras.ops.swapaxes(key, 1, 2))
    model = keras.Model([query, key], keras.ops.max(scores, axis=2))
    sizes = (5, 7), (6, 3)
    return model, [([np.ones((2, a, 4)), np.ones((2, b, 4))], np.ones((2, a))) for a, b in sizes]
