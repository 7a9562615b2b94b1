import keras
import numpy as np


def provoke():
    tokens = keras.Input((5,))
    embedded = keras.layers.Embedding(10, 4, mask_zero=True)(tokens)
    model = keras.Model(tokens, keras.layers.LSTM(2)(embedded))
    model.predict(np.ones((2, 7)), verbose=0)
