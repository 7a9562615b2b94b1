import keras
import numpy as np


def provoke():
    features = keras.layers.Masking()(np.ones((2, 5, 3)))
    doubled = features * 2
    keras.layers.LSTM(4)(doubled, mask=doubled._keras_mask)


def mend():
    masking, rows = keras.layers.Masking(), keras.Input((None, 3))
    mask = masking.compute_mask(rows)
    doubled = masking(rows) * 2
    means = keras.layers.GlobalAveragePooling1D()(doubled, mask=mask)
    return keras.Model(rows, keras.layers.Dense(1)(means)), [(2, 5, 3), (3, 7, 3)]
