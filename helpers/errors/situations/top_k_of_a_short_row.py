import keras
import numpy as np


def provoke():
    keras.ops.top_k(np.ones((2, 3)), 5)


def mend():
    inputs = keras.Input((None,))
    low = keras.ops.full_like(inputs[:, :1], -1e9)
    best, _ = keras.ops.top_k(keras.ops.concatenate([inputs, *[low] * 5], axis=1), 5)
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.ops.maximum(best, -1.0)))
    return model, [(2, 3), (2, 7)]
