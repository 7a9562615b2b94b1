import keras
import numpy as np


def provoke():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.Reshape((26, 26 * 4)), keras.layers.LSTM(8)]
    model = keras.Sequential([keras.Input((28, None, 1)), *layers])
    model.predict(np.ones((2, 28, 40, 1)), verbose=0)
