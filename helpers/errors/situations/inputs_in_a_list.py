import keras
import numpy as np

from helpers.errors.situations.shared import Rows


def provoke():
    class Pairs(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return [x, x], y

    left, right = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([left, right], keras.layers.Dense(1)(left + right))
    model.compile(loss="mse", optimizer="sgd")
    model.fit(Pairs(np.ones((41, 4)), np.ones((41, 1))), verbose=0)


def mend():
    class Pairs(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return (x, x), y

    left, right = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([left, right], keras.layers.Dense(1)(left + right))
    return model, [Pairs(np.ones((rows, 4)), np.ones((rows, 1))) for rows in (9, 41)]
