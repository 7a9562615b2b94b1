import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 28)), keras.layers.LSTM(11)])
    model.compile(loss=keras.losses.CTC(), optimizer="sgd")
    model.fit(np.ones((2, 9, 28)), np.array([[1, 2], [3, 0]]), verbose=0)
