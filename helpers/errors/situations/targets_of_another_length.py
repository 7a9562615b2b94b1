import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(1, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(np.ones((2, 7, 3)), np.ones((2, 5, 1)), verbose=0)


def mend():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.Conv1D(1, 1)])
    arrays, targets = [np.ones((2, steps, 3)) for steps in (7, 5)], [np.ones((5, 1))] * 2
    options = {"padding": "post", "dtype": "float32"}
    pad = keras.utils.pad_sequences
    return model, [(x, pad(targets, maxlen=x.shape[1], **options)) for x in arrays]
