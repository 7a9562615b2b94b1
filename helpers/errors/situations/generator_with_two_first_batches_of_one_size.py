import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    batches = ((np.ones((2, steps, 3)),) for steps in (5, 5, 7))
    model.predict(batches, verbose=0)
