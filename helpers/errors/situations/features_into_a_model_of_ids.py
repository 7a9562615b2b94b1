import keras
import numpy as np


def provoke():
    layers = [keras.layers.Embedding(3, 4), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([keras.Input((None,)), *layers])
    model.predict(np.ones((2, 5, 3)), verbose=0)


def mend():
    layers = [keras.layers.Embedding(3, 4), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([keras.Input((None,)), *layers])
    one_hot = [np.eye(3)[[[0, 2, 1, 1, 2]]], np.eye(3)[[[1, 0, 2, 0, 0, 1, 2]]]]
    return model, [(x.argmax(axis=-1), np.ones((1, 4))) for x in one_hot]
