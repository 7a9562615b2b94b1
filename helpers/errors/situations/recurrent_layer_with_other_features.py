import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 30)), keras.layers.LSTM(8)])
    images = np.ones((2, 31, 50))
    model.predict(images.swapaxes(1, 2), verbose=0)


def mend():
    model = keras.Sequential([keras.Input((None, 30)), keras.layers.SimpleRNN(2)])
    images = [np.ones((2, 31, 50, 1)), np.ones((2, 24, 12, 1))]
    resized = [keras.ops.image.resize(x, (30, x.shape[2]))[..., 0] for x in images]
    return model, [(keras.ops.swapaxes(x, 1, 2), np.ones((2, 2))) for x in resized]
