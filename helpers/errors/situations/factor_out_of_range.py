import keras
import numpy as np


def provoke():
    keras.layers.RandomBrightness(20)


def instead():
    turn = keras.layers.RandomRotation(20 / 360)
    brighten = keras.layers.RandomBrightness((20 / 255, 20 / 255), value_range=(0, 1))  # always 20

    def levels(images):
        turned = turn(images / 255, training=True)
        brighter = keras.ops.convert_to_numpy(brighten(turned, training=True)) * 255
        return brighter.shape, float(brighter.mean().round())

    return [
        (levels(np.full((2, 8, 8, 3), 100)), ((2, 8, 8, 3), 120.0)),
        (levels(np.full((1, 6, 9, 3), 250)), ((1, 6, 9, 3), 255.0)),
    ]
