import keras
import numpy as np


def model_of(*first):
    pool = keras.layers.GlobalAveragePooling1D()
    model = keras.Sequential([keras.Input((None,)), *first, pool])
    model.layers[0].set_weights([np.arange(1.0, 11.0)[:, None]])  # that the numbers be simple
    return model


def broken():
    model = model_of(keras.layers.Embedding(10, 1), keras.layers.Masking())
    row = np.array([3, 4])
    return model, row


def mend():
    model = model_of(keras.layers.Embedding(10, 1, mask_zero=True))
    row = np.array([3, 4])
    return model, row


def detect(model, row):
    padded = np.pad(row, [(0, 4)] + [(0, 0)] * (row.ndim - 1))
    answers = (model.predict(each[None], verbose=0)[0] for each in (padded, row))
    return tuple(answer.tolist() for answer in answers)
