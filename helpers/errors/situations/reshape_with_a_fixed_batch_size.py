import keras
import numpy as np

from helpers.errors.situations.shared import Rows


def provoke():
    class Flat(keras.layers.Layer):
        def call(self, x):
            return keras.ops.reshape(x, (32, 12))

    model = keras.Sequential([keras.Input((3, 4)), Flat(), keras.layers.Dense(1)])
    model.predict(Rows(np.ones((41, 3, 4)), np.ones(41)), verbose=0)


def mend():
    class Flat(keras.layers.Layer):
        def call(self, x):
            return keras.ops.reshape(x, (-1, 12))

    model = keras.Sequential([keras.Input((3, 4)), Flat(), keras.layers.Dense(1)])
    return model, [(9, 3, 4), (32, 3, 4)]
