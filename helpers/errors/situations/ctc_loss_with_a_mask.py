import keras
import numpy as np


def provoke():
    layers = [keras.layers.Masking(), keras.layers.LSTM(4, return_sequences=True)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss=keras.losses.CTC(), optimizer="sgd")
    model.fit(np.ones((2, 9, 3)), np.array([[1, 2], [1, 3]]), verbose=0)
