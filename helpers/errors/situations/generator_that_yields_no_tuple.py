import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    model.predict((np.ones((2, steps, 3)) for steps in (5, 7)), verbose=0)


def mend():
    layers = [keras.layers.Conv1D(2, 3), keras.layers.GlobalMaxPooling1D()]

    def batches(*lengths):
        yield from ((np.ones((2, steps, 3)), np.ones((2, 2))) for steps in lengths)

    model = keras.Sequential([keras.Input((None, 3)), *layers])
    return model, [lambda: batches(5, 7), lambda: batches(9, 4)]
