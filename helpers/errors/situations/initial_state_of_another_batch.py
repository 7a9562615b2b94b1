import keras
import numpy as np


def provoke():
    state = np.zeros((32, 4), "float32")
    gru = keras.layers.GRU(4)
    gru(np.ones((9, 5, 1), "float32"), initial_state=state)


def mend():
    class FromZero(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.gru = keras.layers.GRU(4)

        def call(self, x):
            state = keras.ops.zeros((keras.ops.shape(x)[0], 4))
            return self.gru(x, initial_state=state)

    model = keras.Sequential([keras.Input((None, 1)), FromZero(), keras.layers.Dense(1)])
    return model, [(32, 5, 1), (9, 5, 1)]
