import keras
import numpy as np


def provoke():
    keras.ops.pad(np.ones((2, 5, 4)), ((0, 0), (0, 2)))


def mend():
    layers = [keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    batches = [np.ones((2, steps, 4)) for steps in (5, 6)]
    padded = [keras.ops.pad(x, ((0, 0), (0, 2), (0, 0))) for x in batches]
    return model, [(keras.ops.convert_to_numpy(x), np.ones((2, 1))) for x in padded]
