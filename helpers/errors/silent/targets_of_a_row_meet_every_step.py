import keras
import numpy as np


def recurrent(return_sequences):
    rnn = keras.layers.SimpleRNN(1, return_sequences=return_sequences)
    model = keras.Sequential([keras.Input((None, 2)), rnn])
    model.compile("sgd", "mse")
    return model


def broken():
    model, x, y = recurrent(return_sequences=True), np.ones((4, 5, 2)), np.ones((4, 1))
    model.fit(x, y, verbose=0)
    return model, x, y


def mend():
    model, x, y = recurrent(return_sequences=False), np.ones((4, 5, 2)), np.ones((4, 1))
    model.fit(x, y, verbose=0)
    return model, x, y


def detect(model, x, y):
    return model.predict(x, verbose=0).shape, y.shape
