import keras
import numpy as np


def broken():
    def loss(y_true, y_pred):
        return keras.ops.sum(keras.ops.square(y_true - y_pred)) / 32

    y_true, y_pred = np.zeros((32, 1)), np.ones((32, 1))
    return loss, y_true, y_pred


def mend():
    def loss(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred))

    y_true, y_pred = np.zeros((32, 1)), np.ones((32, 1))
    return loss, y_true, y_pred


def detect(loss, y_true, y_pred):
    def of(rows):
        same = (np.repeat(y[:1], rows, axis=0) for y in (y_true, y_pred))
        return float(keras.ops.mean(loss(*same)))

    return of(9), of(len(y_true))
