import keras
import numpy as np


def provoke():
    normalize = keras.layers.BatchNormalization(axis=1)
    normalize(np.ones((2, 5, 3), "float32"))
    normalize(np.ones((2, 7, 3), "float32"))


def mend():
    layers = [keras.layers.BatchNormalization(), keras.layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    return model, [(2, 5, 3), (2, 7, 3)]
