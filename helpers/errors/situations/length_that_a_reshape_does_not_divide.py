import keras
import numpy as np


def provoke():
    pieces = keras.layers.Reshape((-1, 4, 5))
    model = keras.Sequential([keras.Input((None, 5)), pieces])
    model.predict(np.ones((2, 7, 5)), verbose=0)


def mend():
    layers = [keras.layers.Reshape((-1, 4, 5)), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 5)), *layers])
    arrays = [np.ones((2, 7, 5)), np.ones((2, 10, 5))]
    padded = [np.pad(x, [(0, 0), (0, -x.shape[1] % 4), (0, 0)]) for x in arrays]
    return model, [x.shape for x in padded]
