import keras
import numpy as np


def provoke():
    tokens = keras.Input((None,))
    embedded = keras.layers.Embedding(10, 4, mask_zero=True)(tokens)
    scores = keras.layers.LSTM(3, return_sequences=True)(embedded)
    model = keras.Model(tokens, keras.layers.Softmax()(scores))
    model.predict(np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 7]]), verbose=0)


def mend():
    tokens = keras.Input((None,))
    embedded = keras.layers.Embedding(10, 4, mask_zero=True)(tokens)
    model = keras.Model(tokens, keras.layers.Dense(3, activation="softmax")(embedded))
    batches = [np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 7]]), np.array([[1, 2, 0]])]
    return model, [(x, np.ones((*x.shape, 3))) for x in batches]
