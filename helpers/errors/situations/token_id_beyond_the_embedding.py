import keras
import numpy as np


def provoke():
    layers = [keras.layers.Embedding(10, 4, mask_zero=True), keras.layers.LSTM(2)]
    keras.Sequential(layers).predict(np.array([[1, 12, 0]]), verbose=0)


def mend():
    tokens = np.array([[1, 12, 0], [2, 3, 5]])
    embedding = keras.layers.Embedding(int(tokens.max()) + 1, 4, mask_zero=True)
    layers = [embedding, keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None,)), *layers])
    return model, [(tokens, np.ones((2, 1))), (tokens[:1, :2], np.ones((1, 1)))]
