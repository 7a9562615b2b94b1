import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1)])
    model.predict(np.ones((8, 28, 28)), verbose=0)


def mend():
    layers = [keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((28, 28)), *layers])
    return model, [(8, 28, 28), (3, 28, 28)]
