import keras
import numpy as np


def broken():
    layer = keras.layers.Resizing(8, 8, pad_to_aspect_ratio=True)
    image = np.ones((7, 8, 1), "float32")
    return layer, image


def mend():
    def layer(image):
        sides = [(0, size - each) for size, each in zip((8, 8), image.shape[:2], strict=True)]
        return np.pad(image, [*sides, (0, 0)])

    image = np.ones((7, 8, 1), "float32")
    return layer, image


def detect(layer, image):
    brightness = float(keras.ops.sum(layer(image)))
    return brightness, float(image.sum())
