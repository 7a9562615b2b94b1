import keras
import numpy as np


def provoke():
    series = np.arange(105.0)
    windows = np.lib.stride_tricks.sliding_window_view(series, 10)[..., None]
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.SimpleRNN(1)])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(windows, series, verbose=0)


def mend():
    def cut(series, n):
        windows = np.lib.stride_tricks.sliding_window_view(series, n)[..., None]
        return windows, series[n - 1 :, None]

    model = keras.Sequential([keras.Input((None, 1)), keras.layers.SimpleRNN(1)])
    return model, [cut(np.linspace(0, 1, 105), 10), cut(np.linspace(0, 1, 41), 7)]
