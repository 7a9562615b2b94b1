import keras
import numpy as np


def zero_model(loss):
    dense = keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((None, 1)), dense])
    model.compile("sgd", loss)
    return model


def padded_rows():
    x, y, weights = np.zeros((2, 6, 1)), np.zeros((2, 6, 1)), np.zeros((2, 6))
    x[0], x[1, :1], y[1, 0] = 1, 1, 2  # rows of 6 and of 1 step, an error of 2 in one step
    weights[0], weights[1, 0] = 1, 1
    return x, y, weights


def broken():
    x, y, weights = padded_rows()
    model = zero_model("mse")
    return model, x, y, weights


def mend():
    x, y, weights = padded_rows()
    model = zero_model(keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"))
    return model, x, y, weights


def detect(model, x, y, weights):
    squares = np.square(y - model.predict(x, verbose=0)).mean(axis=-1)
    loss = model.evaluate(x, y, sample_weight=weights, verbose=0)
    return loss, float(squares[weights > 0].mean())
