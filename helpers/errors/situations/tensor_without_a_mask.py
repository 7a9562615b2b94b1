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
    model = keras.Model(rows, keras.layers.SimpleRNN(2)(doubled, mask=mask))
    return model, [(2, 5, 3), (3, 7, 3)]
