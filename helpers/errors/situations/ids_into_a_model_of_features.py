import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(8)])
    model.predict(np.ones((2, 10)), verbose=0)


def mend():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.SimpleRNN(2)])
    ids = [np.ones((2, steps), int) for steps in (10, 7)]
    return model, [(keras.utils.to_categorical(x, 3), np.ones((2, 2))) for x in ids]
