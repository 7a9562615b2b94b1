import keras
import numpy as np


def zero_model(**metrics):
    dense = keras.layers.Dense(1, "sigmoid", kernel_initializer="zeros", bias_initializer="zeros")
    model = keras.Sequential([keras.Input((None, 1)), dense])
    model.compile("sgd", "binary_crossentropy", **metrics)
    return model


def padded_rows():
    x, y = np.ones((2, 8, 1)), np.zeros((2, 8, 1))
    y[0], y[1, :2] = 1, 1  # rows of 8 and of 2 steps, all of class 1
    lengths = np.array([8, 2])
    return x, y, lengths


def broken():
    x, y, lengths = padded_rows()
    model = zero_model(metrics=["accuracy"])
    weights = None
    return model, x, y, weights, lengths


def mend():
    x, y, lengths = padded_rows()
    model = zero_model(weighted_metrics=["accuracy"])
    weights = (np.arange(x.shape[1]) < lengths[:, None]).astype("float32")
    return model, x, y, weights, lengths


def detect(model, x, y, weights, lengths):
    _, accuracy = model.evaluate(x, y, sample_weight=weights, verbose=0)
    right = (model.predict(x, verbose=0) > 0.5) == y
    real = np.arange(x.shape[1]) < lengths[:, None]
    return accuracy, float(right[real].mean())
