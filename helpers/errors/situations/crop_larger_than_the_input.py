import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.Cropping1D(3)])
    model.predict(np.ones((2, 5, 4)), verbose=0)


def mend():
    layers = [keras.layers.Cropping1D(3), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    feeds = []
    for steps in (5, 9):
        short = max(0, 7 - steps)
        x = np.pad(np.ones((2, steps, 4)), ((0, 0), (0, short), (0, 0)))
        feeds.append((x, np.ones((2, x.shape[1] - 6, 1))))
    return model, feeds
