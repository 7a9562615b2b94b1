import keras
import numpy as np


class Positions(keras.layers.Layer):
    def __init__(self, length):
        super().__init__()
        self.table = keras.layers.Embedding(length, 4)

    def call(self, x):
        return x + self.table(keras.ops.arange(keras.ops.shape(x)[1]))


def provoke():
    layers = [Positions(10), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    model.predict(np.ones((2, 12, 4)), verbose=0)


def mend():
    lengths = [12, 10]
    layers = [Positions(max(lengths)), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    return model, [(2, steps, 4) for steps in lengths]
