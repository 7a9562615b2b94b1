import keras
import numpy as np


def provoke():
    layers = [keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    for rows in ([[1, 2, 3], [4]], [[1, 2, 3, 4, 5], [6]]):
        model.predict(keras.utils.pad_sequences(rows), verbose=0)


def mend():
    layers = [keras.layers.Embedding(10, 4, mask_zero=True), keras.layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((None,)), *layers, keras.layers.Dense(1)])
    lists = [[[1, 2, 3], [4]], [[1, 2, 3, 4, 5], [6]]]
    return model, [(keras.utils.pad_sequences(rows), np.ones((2, 1))) for rows in lists]
