import keras
import numpy as np


def provoke():
    class Positions(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.table = keras.layers.Embedding(10, 4)

        def call(self, x):
            return x + self.table(keras.ops.arange(keras.ops.shape(x)[1]))

    model = keras.Sequential([keras.Input((None, 4)), Positions()])
    model.predict(np.ones((2, 12, 4)), verbose=0)


def mend():
    class Positions(keras.layers.Layer):
        def __init__(self, length):
            super().__init__()
            self.table = keras.layers.Embedding(length, 4)

        def call(self, x):
            return x + self.table(keras.ops.arange(keras.ops.shape(x)[1]))

    layers = [Positions(12), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    return model, [(2, 12, 4), (2, 10, 4)]
