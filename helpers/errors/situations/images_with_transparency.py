import keras
import numpy as np


def provoke():
    keras.layers.RandomSaturation(0.2)(np.ones((2, 8, 8, 4)))


def instead():
    saturate, grey = keras.layers.RandomSaturation(0.2), keras.layers.RandomGrayscale(1.0)

    def three_channels(images):
        return tuple(grey(saturate(images[..., :3], training=True), training=True).shape)

    return [
        (three_channels(np.ones((2, 8, 8, 4))), (2, 8, 8, 3)),
        (three_channels(np.ones((1, 6, 9, 4))), (1, 6, 9, 3)),
    ]
