import keras
import numpy as np


def model_with_two_outputs():
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(1)(inputs)])
    model.compile("sgd", ["mse", "mse"])
    return model


def provoke():
    x, y, weights = np.ones((8, 5, 4)), np.ones((8, 5, 1)), np.ones((8, 5))
    model_with_two_outputs().fit(x, [y, y], sample_weight=weights, verbose=0)


def mend():
    model = model_with_two_outputs()

    def sized(rows, steps):
        y, weights = np.ones((rows, steps, 1)), np.ones((rows, steps))
        return np.ones((rows, steps, 4)), [y, y], [weights, weights]

    return model, [sized(8, 5), sized(3, 7)]
