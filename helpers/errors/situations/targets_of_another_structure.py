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
    def batches(*sizes):
        for rows in sizes:
            y1, y2 = np.ones((rows, 1)), np.zeros((rows, 1))
            yield np.ones((rows, 4)), (y1, y2)

    def few():
        return batches(5)

    def many():
        return batches(8)

    return model_with_two_outputs(), [few, many]
