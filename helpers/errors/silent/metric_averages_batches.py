import keras
import numpy as np


def mean_of_a_batch(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred))


def one_for_each_row(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def scored(metric):
    dense = keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), dense])
    model.compile("sgd", "mse", metrics=[metric])
    return model


def targets():
    y = np.zeros((105, 1))
    y[96:] = 10  # the rows of the last batch
    return np.ones((105, 1)), y


def broken():
    x, y = targets()
    model = scored(mean_of_a_batch)
    return model, x, y


def mend():
    x, y = targets()
    model = scored(one_for_each_row)
    return model, x, y


def detect(model, x, y):
    _, in_batches = model.evaluate(x, y, batch_size=32, verbose=0)
    _, at_once = model.evaluate(x, y, batch_size=len(x), verbose=0)
    return in_batches, at_once
