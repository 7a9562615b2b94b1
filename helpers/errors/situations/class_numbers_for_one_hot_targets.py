import keras
import numpy as np


def provoke():
    layers = [keras.layers.GRU(4, activation="softmax")]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss="categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((8, 7, 3)), np.ones(8, int), verbose=0)


def mend():
    layers = [keras.layers.GRU(4), keras.layers.Dense(4, activation="softmax")]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    return model, [(np.ones((8, steps, 3)), np.ones(8, int)) for steps in (7, 5)]
