import keras
import numpy as np


def provoke():
    layers = [keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((2, 8, 8, 1)), np.ones((2, 8, 8), int), verbose=0)


def mend():
    first = keras.layers.Conv2D(4, 3, padding="same")
    last = keras.layers.Conv2D(3, 1, activation="softmax")
    model = keras.Sequential([keras.Input((None, None, 1)), first, last])
    model.compile(loss="categorical_crossentropy", optimizer="sgd")
    masks = [np.ones((2, *size), int) for size in ((8, 8), (6, 9))]
    return model, [(y[..., None], keras.utils.to_categorical(y, 3)) for y in masks]
