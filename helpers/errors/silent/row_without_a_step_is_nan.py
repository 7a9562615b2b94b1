import keras
import numpy as np


def mean_model():
    layers = [keras.layers.Masking(), keras.layers.GlobalAveragePooling1D()]
    return keras.Sequential([keras.Input((None, 1)), *layers])


def broken():
    model, rows = mean_model(), [np.ones((3, 1)), np.ones((0, 1)), np.ones((2, 1))]
    x = np.zeros((3, 3, 1))
    for i, row in enumerate(rows):
        x[i, : len(row)] = row
    return model, x


def mend():
    model, rows = mean_model(), [np.ones((3, 1)), np.ones((0, 1)), np.ones((2, 1))]
    rows = [row for row in rows if len(row)]  # and the same rows of the targets
    x = np.zeros((len(rows), 3, 1))
    for i, row in enumerate(rows):
        x[i, : len(row)] = row
    return model, x


def detect(model, x):
    return int(np.isnan(model.predict(x, verbose=0)).any(axis=1).sum()), 0
