import keras
import numpy as np


def broken():
    inputs = keras.Input((None, 1))
    h = keras.layers.Masking()(inputs)
    h = h + h
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(h))
    row = np.array([[1.0], [3.0]])
    return model, row


def mend():
    inputs = keras.Input((None, 1))
    h = keras.layers.Masking()(inputs)
    h = keras.layers.Add()([h, h])
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(h))
    row = np.array([[1.0], [3.0]])
    return model, row


def detect(model, row):
    padded = np.pad(row, [(0, 4)] + [(0, 0)] * (row.ndim - 1))
    answers = (model.predict(each[None], verbose=0)[0] for each in (padded, row))
    return tuple(answer.tolist() for answer in answers)
