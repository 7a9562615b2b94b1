import keras
import numpy as np


def provoke():
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, keras.layers.LSTM(2)(inputs))
    model.predict([np.ones((5, 3)), np.ones((5, 3))], verbose=0)
