import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(4, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile("sgd", keras.losses.CTC())
    model.fit(np.ones((2, 9, 3)), keras.utils.to_categorical([[1, 2], [3, 0]], 4), verbose=0)


def mend():
    layer = keras.layers.SimpleRNN(4, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile("sgd", keras.losses.CTC())
    two = keras.utils.to_categorical([[1, 2], [3, 0]], 4)
    three = keras.utils.to_categorical([[1, 2, 3], [3, 1, 0]], 4)
    return model, [
        (np.ones((2, 7, 3)), two.argmax(axis=-1)),
        (np.ones((2, 9, 3)), three.argmax(axis=-1)),
    ]
