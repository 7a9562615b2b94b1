import keras
import numpy as np


def provoke():
    features, mask = np.ones((2, 5, 4)), np.ones((2, 4), bool)
    keras.layers.LSTM(3)(features, mask=mask)
