import keras
import numpy as np


def provoke():
    x, mask = keras.Input((5, 4)), keras.Input((5,))
    keras.ops.average(x, axis=1, weights=mask)


def mend():
    x, mask = keras.Input((None, 4)), keras.Input((None,), dtype="bool")
    weights = keras.ops.cast(mask, "float32")[..., None]
    mean = keras.ops.sum(x * weights, axis=1) / keras.ops.sum(weights, axis=1)
    model = keras.Model([x, mask], keras.layers.Dense(1)(mean))
    sizes = (5, 7)
    return model, [([np.ones((2, n, 4)), np.ones((2, n), bool)], np.ones((2, 1))) for n in sizes]
