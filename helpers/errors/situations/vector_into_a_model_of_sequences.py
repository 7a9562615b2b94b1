import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 20)), keras.layers.LSTM(8)])
    model.predict(np.ones((2, 20)), verbose=0)


def mend():
    model = keras.Sequential([keras.Input((None, 20)), keras.layers.SimpleRNN(2)])
    features, sequence = np.ones((2, 20)), np.ones((7, 20))
    return model, [(features[:, None], np.ones((2, 2))), (sequence[None], np.ones((1, 2)))]
