import keras
import numpy as np


def convolution():
    return keras.layers.Conv1D(1, 3, padding="same", kernel_initializer="ones")


def broken():
    inputs = keras.Input((None, 1))
    h = keras.layers.GlobalMaxPooling1D()(convolution()(inputs))
    model = keras.Model(inputs, h)
    row = np.array([[-1.0], [-2.0], [-4.0]])
    return model, row


def mend():
    inputs = keras.Input((None, 1))
    real = keras.ops.any(inputs != 0, axis=-1, keepdims=True)
    h = keras.ops.where(real, convolution()(inputs), -1e9)
    model = keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(h))
    row = np.array([[-1.0], [-2.0], [-4.0]])
    return model, row


def detect(model, row):
    padded = np.pad(row, [(0, 4)] + [(0, 0)] * (row.ndim - 1))
    answers = (model.predict(each[None], verbose=0)[0] for each in (padded, row))
    return tuple(answer.tolist() for answer in answers)
