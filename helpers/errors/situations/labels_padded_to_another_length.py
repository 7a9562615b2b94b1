import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(3, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 2)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((2, 7, 2)), np.ones((2, 5), int), verbose=0)
