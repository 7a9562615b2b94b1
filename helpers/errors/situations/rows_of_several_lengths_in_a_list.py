import keras
import numpy as np

from helpers import padding


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    model.predict([np.ones((steps, 3)) for steps in (5, 7, 4)], verbose=0)


def mend():
    layers = [keras.layers.Masking(), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    lists = [[np.ones((steps, 3)) for steps in lengths] for lengths in ((5, 7, 4), (2, 3, 1))]
    return model, [(padding.pad(rows)[0], np.ones((3, 1))) for rows in lists]
