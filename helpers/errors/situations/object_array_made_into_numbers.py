import keras
import numpy as np


def provoke():
    np.array([[1.0, 2.0, 3.0], [4.0]], dtype=object).astype("float32")


def mend():
    def padded(rows):
        x = np.zeros((len(rows), max(map(len, rows)), 1))
        for place, row in zip(x, rows, strict=True):
            place[: len(row), 0] = row
        return x, np.ones((len(rows), 2))

    layers = [keras.layers.Masking(), keras.layers.SimpleRNN(2)]
    model = keras.Sequential([keras.Input((None, 1)), *layers])
    return model, [padded([[1.0, 2.0, 3.0], [4.0]]), padded([[5.0], [6.0, 7.0]])]
