import keras
import numpy as np

from helpers import padding


def provoke():
    images = [np.ones((8, 9, 3)), np.ones((7, 12, 3))]
    np.concatenate([image[None] for image in images])


def mend():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    lists = [[np.ones((8, 9, 3)), np.ones((7, wide, 3))] for wide in (12, 7)]
    return model, [(padding.pad(images, axes=2)[0], np.ones((2, 4))) for images in lists]
