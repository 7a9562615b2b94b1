import keras
import numpy as np

from helpers import padding


def provoke():
    layers = [keras.layers.Masking(), keras.layers.Conv1D(4, 3), keras.layers.LSTM(2)]
    keras.Sequential([keras.Input((None, 3)), *layers])


def mend():
    rows = keras.Input((None, 3))
    mask = keras.ops.any(rows != 0, axis=-1)
    features = keras.layers.Conv1D(4, 3, padding="same")(rows)
    model = keras.Model(rows, keras.layers.SimpleRNN(2)(features, mask=mask))
    lists = [[np.ones((steps, 3)) for steps in lengths] for lengths in ((5, 7), (2, 4))]
    return model, [(padding.pad(rows)[0], np.ones((2, 2))) for rows in lists]
