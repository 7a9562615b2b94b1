import keras
import numpy as np


def provoke():
    features = keras.layers.Masking()(np.ones((2, 5, 3)))
    doubled = features * 2
    keras.layers.LSTM(4)(doubled, mask=doubled._keras_mask)
