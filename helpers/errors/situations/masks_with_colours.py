import keras
import numpy as np


def segmenter():
    layer = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")
    model = keras.Sequential([keras.Input((None, None, 3)), layer])
    model.compile("sgd", "binary_crossentropy")
    return model


def provoke():
    images, masks = np.ones((2, 8, 8, 3)), np.ones((2, 8, 8, 3))
    segmenter().fit(images, masks, verbose=0)


def mend():
    sizes = (8, 8), (9, 11)
    return segmenter(), [(np.ones((2, *n, 3)), np.ones((2, *n, 3))[..., :1]) for n in sizes]
