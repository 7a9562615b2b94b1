import keras
import numpy as np


def provoke():
    layer = keras.layers.Conv2D(3, 1, activation="softmax")
    model = keras.Sequential([keras.Input((None, None, 2)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    labels = np.array([[[1, 2], [0, 255]]])
    model.fit(np.ones((1, 2, 2, 2)), labels, verbose=0)


def mend():
    layer = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input((None, None, 2)), layer])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(ignore_class=255))
    maps = [np.array([[[1, 2], [0, 255]]]), np.array([[[1, 2, 255], [0, 255, 255]]])]
    return model, [(np.ones((*labels.shape, 2)), labels) for labels in maps]
