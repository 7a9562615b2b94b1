import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    model.predict([np.ones((steps, 3)) for steps in (5, 7, 4)], verbose=0)
