import keras
import numpy as np


def provoke():
    lengths = np.array([5, 3])
    keras.ops.take_along_axis(np.ones((2, 5, 4)), (lengths - 1)[:, None], axis=1)


def mend():
    x, lengths = keras.Input((None, 4)), keras.Input((), dtype="int32")
    last = keras.ops.take_along_axis(x, (lengths - 1)[:, None, None], axis=1)[:, 0]
    model = keras.Model([x, lengths], keras.layers.Dense(1)(last))
    return model, [([np.ones((2, n, 4)), np.array([n, 3])], np.ones((2, 1))) for n in (5, 7)]
