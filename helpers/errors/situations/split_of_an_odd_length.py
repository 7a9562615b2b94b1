import keras
import numpy as np


def provoke():
    keras.ops.split(np.ones((2, 5, 4)), 2, axis=1)


def mend():
    inputs = keras.Input((None, 4))
    first, second = keras.ops.split(inputs, 2, axis=1)
    model = keras.Model(inputs, keras.layers.Dense(1)(first + second))
    feeds = []
    for steps in (5, 8):
        x = np.pad(np.ones((2, steps, 4)), ((0, 0), (0, -steps % 2), (0, 0)))
        feeds.append((x, np.ones((2, x.shape[1] // 2, 1))))
    return model, feeds
