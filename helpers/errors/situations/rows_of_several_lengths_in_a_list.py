import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    model.predict([np.ones((steps, 3)) for steps in (5, 7, 4)], verbose=0)


def mend():
    layers = [keras.layers.Masking(), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    lists = [[np.ones((steps, 3)) for steps in lengths] for lengths in ((5, 7, 4), (2, 3, 1))]
    options = {"padding": "post", "dtype": "float32"}
    padded = [keras.utils.pad_sequences(rows, **options) for rows in lists]
    return model, [(x, np.ones((3, 1))) for x in padded]
