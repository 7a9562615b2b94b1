import keras
import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class WeightsAtTheEnd(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return (x, y) if len(x) == 32 else (x, y, np.ones(len(x)))

    small_model().fit(WeightsAtTheEnd(np.ones((105, 4)), np.ones(105)), shuffle=False, verbose=0)


def mend():
    class Weighted(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return x, y, np.ones(len(x))

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    return model, [Weighted(np.ones((rows, 4)), np.ones((rows, 1))) for rows in (105, 64)]
