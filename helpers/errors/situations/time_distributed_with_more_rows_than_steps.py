import keras
import numpy as np


def provoke():
    layer = keras.layers.TimeDistributed(keras.layers.Dense(2))
    model = keras.Sequential([keras.Input((None, 3)), layer])
    for steps in (5, 7):
        model.predict(np.ones((9, steps, 3)), verbose=0)


def mend():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.Dense(2)])
    return model, [(9, 5, 3), (9, 7, 3)]
