import keras
import numpy as np


def provoke():
    keras.layers.RandomSaturation(0.2)(np.ones((2, 8, 8, 1)))


def instead():
    brighten = keras.layers.RandomBrightness(0.2, value_range=(0, 1))
    contrast = keras.layers.RandomContrast(0.2)
    saturate = keras.layers.RandomSaturation(0.2)

    def grey(images):
        return tuple(contrast(brighten(images, training=True), training=True).shape)

    def three_channels(images):
        return tuple(saturate(keras.ops.repeat(images, 3, axis=-1), training=True).shape)

    small, wide = np.ones((2, 8, 8, 1)), np.ones((1, 6, 9, 1))
    return [
        (grey(small), (2, 8, 8, 1)),
        (grey(wide), (1, 6, 9, 1)),
        (three_channels(small), (2, 8, 8, 3)),
        (three_channels(wide), (1, 6, 9, 3)),
    ]
