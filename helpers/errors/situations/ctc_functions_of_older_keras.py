import keras
import numpy as np


def provoke():
    keras.backend.ctc_batch_cost(np.ones((1, 2)), np.ones((1, 9, 5)), [[9]], [[2]])


def mend():
    layers = [keras.layers.LSTM(8, return_sequences=True), keras.layers.Dense(5)]
    model = keras.Sequential([keras.Input((None, 4)), *layers])  # no softmax: 4 letters, 1 blank
    model.compile("sgd", keras.losses.CTC())
    letters = [np.array([[0, 3]]), np.array([[2, 0, 1], [3, 1, 1]])]
    steps = 9, 12
    batches = [(np.ones((len(y), n, 4)), y + 1) for n, y in zip(steps, letters, strict=True)]
    return model, batches
