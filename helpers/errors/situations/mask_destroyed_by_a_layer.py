import keras
import numpy as np


def provoke():
    layers = [keras.layers.Masking(), keras.layers.Conv1D(4, 3), keras.layers.LSTM(2)]
    keras.Sequential([keras.Input((None, 3)), *layers])


def mend():
    inputs = keras.Input((None, 3))
    mask = keras.ops.any(inputs != 0, axis=-1)
    features = keras.layers.Conv1D(4, 3, padding="same")(inputs)
    means = keras.layers.GlobalAveragePooling1D()(features, mask=mask)
    lists = [[np.ones((steps, 3)) for steps in lengths] for lengths in ((5, 7), (2, 4))]
    options = {"padding": "post", "dtype": "float32"}
    padded = [keras.utils.pad_sequences(rows, **options) for rows in lists]
    return keras.Model(inputs, means), [(x, np.ones((2, 4))) for x in padded]
