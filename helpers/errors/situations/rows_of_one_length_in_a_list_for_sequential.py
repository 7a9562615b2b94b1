import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    model.predict([np.ones((5, 3)), np.ones((5, 3))], verbose=0)
