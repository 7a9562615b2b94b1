import keras
import numpy as np


def provoke():
    layer = keras.layers.Conv2D(3, 3, activation="softmax")
    model = keras.Sequential([keras.Input((None, None, 1)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((2, 10, 10, 1)), np.ones(2, int), verbose=0)


def mend():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()]
    last = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input((None, None, 1)), *layers, last])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    return model, [(np.ones((2, *size, 1)), np.ones(2, int)) for size in ((10, 10), (8, 12))]
