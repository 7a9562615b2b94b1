import keras
import numpy as np

from helpers import images, padding


def provoke():
    layers = [keras.layers.Masking(), keras.layers.LSTM(4, return_sequences=True)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss=keras.losses.CTC(), optimizer="sgd")
    model.fit(np.ones((2, 9, 3)), np.array([[1, 2], [1, 3]]), verbose=0)


def mend():
    layers = [keras.layers.Masking(), keras.layers.Dense(4)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile("sgd", images.CTCLoss())
    lists = [[np.ones((steps, 3)) for steps in lengths] for lengths in ((9, 5), (4, 6))]
    return model, [(padding.pad(rows)[0], np.array([[1, 2], [3, 0]])) for rows in lists]
