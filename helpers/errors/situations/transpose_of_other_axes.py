import keras
import numpy as np


def provoke():
    keras.ops.transpose(np.ones((2, 5, 4)), (1, 0))


def mend():
    inputs = keras.Input((None, 4))
    steps_last = keras.ops.swapaxes(inputs, 1, 2)
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.ops.max(steps_last, axis=2)))
    return model, [(2, 5, 4), (2, 7, 4)]
