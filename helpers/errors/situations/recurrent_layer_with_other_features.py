import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 30)), keras.layers.LSTM(8)])
    images = np.ones((2, 31, 50))
    model.predict(images.swapaxes(1, 2), verbose=0)
