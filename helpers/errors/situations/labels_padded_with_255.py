import keras
import numpy as np


def provoke():
    layer = keras.layers.Conv2D(3, 1, activation="softmax")
    model = keras.Sequential([keras.Input((None, None, 2)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    labels = np.array([[[1, 2], [0, 255]]])
    model.fit(np.ones((1, 2, 2, 2)), labels, verbose=0)


def mend():
    layer = keras.layers.Conv2D(3, 1)
    model = keras.Sequential([keras.Input((None, None, 2)), layer])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile("sgd", loss)
    maps = [np.array([[[1, 2], [0, 255]]]), np.array([[[1, 2, 255], [0, 255, 255]]])]
    return model, [(np.ones((*labels.shape, 2)), labels) for labels in maps]
