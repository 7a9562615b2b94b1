import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 20)), keras.layers.LSTM(8)])
    model.predict(np.ones((2, 20)), verbose=0)
