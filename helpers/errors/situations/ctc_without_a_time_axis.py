import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 28)), keras.layers.LSTM(11)])
    model.compile(loss=keras.losses.CTC(), optimizer="sgd")
    model.fit(np.ones((2, 9, 28)), np.array([[1, 2], [3, 0]]), verbose=0)


def mend():
    layer = keras.layers.SimpleRNN(4, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss=keras.losses.CTC(), optimizer="sgd")
    return model, [(np.ones((2, steps, 3)), np.array([[1, 2], [3, 0]])) for steps in (9, 7)]
