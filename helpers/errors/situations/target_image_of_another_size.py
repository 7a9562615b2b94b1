import keras
import numpy as np


def segmenter(padding):
    layer = keras.layers.Conv2D(1, 3, padding=padding, activation="sigmoid")
    return keras.Sequential([keras.Input((None, None, 3)), layer])


def provoke():
    images, masks = np.ones((2, 8, 8, 3)), np.ones((2, 8, 8, 1))
    model = segmenter("valid")
    model.compile("sgd", "binary_crossentropy")
    model.fit(images, masks, verbose=0)


def mend():
    sizes = (8, 8), (9, 11)
    return segmenter("same"), [(np.ones((2, *n, 3)), np.ones((2, *n, 1))) for n in sizes]
