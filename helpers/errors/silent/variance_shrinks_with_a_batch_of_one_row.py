import keras
import numpy as np


def normalised():
    norm = keras.layers.BatchNormalization(momentum=0.5)  # by default 0.99, and slower to tell
    model = keras.Sequential([keras.Input((1,)), norm])
    model.compile("sgd", "mse")
    return model


def broken():
    x, model = np.arange(97.0)[:, None] % 2, normalised()
    model.fit(x, np.zeros((97, 1)), batch_size=32, epochs=5, shuffle=False, verbose=0)
    norm = model.layers[0]
    return norm, x


def mend():
    x, model = np.arange(97.0)[:, None] % 2, normalised()
    model.fit(x, np.zeros((97, 1)), batch_size=33, epochs=5, shuffle=False, verbose=0)
    norm = model.layers[0]
    return norm, x


def detect(norm, x):
    variance = keras.ops.convert_to_numpy(norm.moving_variance).mean()
    return float(variance), float(x.var(axis=0).mean())
