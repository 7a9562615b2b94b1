import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(1, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(np.ones((2, 7, 3)), np.ones((2, 5, 1)), verbose=0)
