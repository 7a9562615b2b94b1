import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(3, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 2)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    labels = keras.utils.pad_sequences([[1, 2, 0], [1]], padding="post", value=-1)
    model.fit(np.ones((2, 3, 2)), labels, verbose=0)


def mend():
    layer = keras.layers.Conv1D(3, 1, activation="softmax")
    model = keras.Sequential([keras.Input((None, 2)), layer])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(ignore_class=-1))
    lists = [[[1, 2, 0], [1]], [[1, 2], [1]]]
    labels = [keras.utils.pad_sequences(rows, padding="post", value=-1) for rows in lists]
    return model, [(np.ones((*y.shape, 2)), y) for y in labels]
