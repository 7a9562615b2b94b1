import keras
import numpy as np


def provoke():
    padded = keras.utils.pad_sequences([[0.5, 0.2], [0.7]], dtype="float32")
    model = keras.Sequential([keras.layers.Masking(), keras.layers.LSTM(4)])
    model.predict(padded, verbose=0)


def mend():
    lists = [[[0.5, 0.2], [0.7]], [[0.1], [0.4, 0.9, 0.3]]]
    padded = [keras.utils.pad_sequences(rows, dtype="float32") for rows in lists]
    layers = [keras.layers.Masking(), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 1)), *layers])
    return model, [(x[..., None], np.ones((2, 1))) for x in padded]
