import keras
import numpy as np


def provoke():
    normalize = keras.layers.Normalization()
    for steps in (12, 15):
        normalize.adapt(np.ones((8, steps)))


def mend():
    rows = [np.arange(12.0), np.arange(15.0)]
    normalize = keras.layers.Normalization()
    normalize.adapt(np.concatenate(rows)[:, None])
    model = keras.Sequential([keras.Input((None, 1)), normalize, keras.layers.SimpleRNN(2)])
    return model, [(row[None, :, None], np.ones((1, 2))) for row in rows]
