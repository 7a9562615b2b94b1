import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.Cropping1D(3)])
    model.predict(np.ones((2, 5, 4)), verbose=0)


def mend():
    layers = [keras.layers.Cropping1D(3), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    batches = [np.ones((2, steps, 4)) for steps in (5, 9)]
    batches = [np.pad(x, ((0, 0), (0, max(0, 7 - x.shape[1])), (0, 0))) for x in batches]
    return model, [(x, np.ones((2, x.shape[1] - 6, 1))) for x in batches]
