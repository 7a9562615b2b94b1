import keras
import numpy as np


def provoke():
    keras.ops.split(np.ones((2, 5, 4)), 2, axis=1)


def mend():
    inputs = keras.Input((None, 4))
    first, second = keras.ops.split(inputs, 2, axis=1)
    model = keras.Model(inputs, keras.layers.Dense(1)(first + second))
    batches = [np.ones((2, steps, 4)) for steps in (5, 8)]
    batches = [np.pad(x, ((0, 0), (0, -x.shape[1] % 2), (0, 0))) for x in batches]
    return model, [(x, np.ones((2, x.shape[1] // 2, 1))) for x in batches]
