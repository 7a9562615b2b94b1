import keras
import numpy as np


def provoke():
    keras.layers.RandomHeight(0.2)


def instead():
    zoom = keras.layers.RandomZoom(0.2)
    rng = np.random.default_rng(0)

    def scaled(image):
        height, width = (rng.uniform(0.8, 1.2, 2) * image.shape[:2]).round().astype(int)
        return keras.ops.image.resize(image, (height, width))

    small, wide = np.ones((2, 8, 8, 3)), np.ones((1, 6, 9, 3))
    return [
        (tuple(zoom(small, training=True).shape), (2, 8, 8, 3)),
        (tuple(zoom(wide, training=True).shape), (1, 6, 9, 3)),
        ([tuple(scaled(image).shape) for image in small], [(8, 7, 3), (7, 6, 3)]),
    ]
