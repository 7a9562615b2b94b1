import keras
import numpy as np


def model_with_two_outputs():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(1)(inputs)])
    model.compile("sgd", ["mse", "mse"])
    return model


def provoke():
    model_with_two_outputs().fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)


def mend():
    model = model_with_two_outputs()
    ones = {rows: np.ones((rows, 1)) for rows in (8, 5)}
    return model, [(np.ones((8, 4)), [ones[8], ones[8]]), (np.ones((5, 4)), [ones[5], ones[5]])]
