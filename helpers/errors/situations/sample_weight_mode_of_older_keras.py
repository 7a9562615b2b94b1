import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.layers.LSTM(1, return_sequences=True)])
    model.compile(loss="mse", optimizer="sgd", sample_weight_mode="temporal")


def mend():
    layer = keras.layers.LSTM(1, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="mse", optimizer="sgd")
    sizes = [(2, 5), (3, 7)]
    return model, [(np.ones((*size, 3)), np.ones((*size, 1)), np.ones(size)) for size in sizes]
