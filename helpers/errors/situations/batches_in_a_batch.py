import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(8)])
    model.predict(np.ones((2, 7, 5, 3)), verbose=0)


def mend():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.SimpleRNN(2)])
    nested = [np.ones((2, 7, 5, 3)), np.ones((3, 4, 6, 3))]
    rows = [x.reshape(-1, *x.shape[2:]) for x in nested]
    return model, [(x, np.ones((len(x), 2))) for x in rows]
