import keras
import numpy as np


def provoke():
    inputs = keras.Input((None, 4))
    mask = np.any(inputs != 0, axis=-1)
    keras.layers.LSTM(3)(inputs, mask=mask)
