import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(4, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((2, 7, 3)), np.ones((2, 4)), verbose=0)
