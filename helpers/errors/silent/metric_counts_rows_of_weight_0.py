import keras
import numpy as np


def zero_model(**metrics):
    dense = keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), dense])
    model.compile("sgd", "mse", **metrics)
    return model


def padded_batch():
    x, y, weights = np.ones((32, 1)), np.full((32, 1), 10.0), np.ones(32)
    x[9:], y[9:], weights[9:] = 0, 0, 0  # nine rows, and 23 that fill the batch
    return x, y, weights


def broken():
    x, y, weights = padded_batch()
    model = zero_model(metrics=["mse"])
    return model, x, y, weights


def mend():
    x, y, weights = padded_batch()
    model = zero_model(weighted_metrics=["mse"])
    return model, x, y, weights


def detect(model, x, y, weights):
    real = weights > 0
    _, of_all = model.evaluate(x, y, sample_weight=weights, verbose=0)
    _, of_real = model.evaluate(x[real], y[real], sample_weight=weights[real], verbose=0)
    return of_all, of_real
