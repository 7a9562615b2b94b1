import keras
import numpy as np


def provoke():
    layers = [keras.layers.Embedding(10, 4, mask_zero=True), keras.layers.LSTM(2)]
    keras.Sequential(layers).predict(np.array([[1, 12, 0]]), verbose=0)
