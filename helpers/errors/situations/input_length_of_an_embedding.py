import keras
import numpy as np


def provoke():
    keras.layers.Embedding(10, 4, input_length=5)


def mend():
    layers = [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None,)), keras.layers.Embedding(10, 4), *layers])
    return model, [(np.ones((3, steps), int), np.ones((3, 1))) for steps in (5, 7)]
