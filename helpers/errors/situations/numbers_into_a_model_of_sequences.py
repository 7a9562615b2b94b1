import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.LSTM(8)])
    model.predict(np.ones(32), verbose=0)


def mend():
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.SimpleRNN(2)])
    series = np.linspace(0, 1, 32)
    windows = np.lib.stride_tricks.sliding_window_view(series, 10)[..., None]
    return model, [(x, np.ones((len(x), 2))) for x in (series[None, :, None], windows)]
