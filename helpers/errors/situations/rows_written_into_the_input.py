import keras
import numpy as np


def provoke():
    x = np.ones((41, 5, 3))
    inputs = keras.Input(x.shape)
    outputs = keras.layers.Dense(1)(keras.layers.Flatten()(inputs))
    keras.Model(inputs, outputs).predict(x, verbose=0)


def mend():
    x = np.ones((41, 5, 3))
    inputs = keras.Input(x.shape[1:])
    outputs = keras.layers.Dense(1)(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, outputs), [(41, 5, 3), (9, 5, 3)]
