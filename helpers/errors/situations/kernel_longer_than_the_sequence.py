import keras
import numpy as np


def provoke():
    layers = [keras.layers.Conv1D(4, 5), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.predict(np.ones((2, 4, 3)), verbose=0)


def mend():
    layers = [keras.layers.Conv1D(4, 5, padding="same"), keras.layers.GlobalMaxPooling1D()]
    return keras.Sequential([keras.Input((None, 3)), *layers]), [(2, 4, 3), (2, 3, 3)]
