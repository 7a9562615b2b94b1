import keras
import numpy as np


def provoke():
    layers = [keras.layers.Embedding(10, 4, mask_zero=True), keras.layers.LSTM(2)]
    rows = np.array([[1, 2, 3], [4]], dtype=object)
    keras.Sequential(layers).predict(rows, verbose=0)
