import keras
import numpy as np


def provoke():
    image, (top, left, bottom, right) = np.ones((1, 8, 9, 3)), (5, 1, 5, 7)
    keras.layers.Conv2D(4, 3)(image[:, top:bottom, left:right])


def instead():
    convolution = keras.layers.Conv2D(4, 3, padding="same")

    def crop(image, box):
        height, width, _ = image.shape
        top, left = np.floor(box[:2]).astype(int).clip(0)
        bottom, right = np.ceil(box[2:]).astype(int).clip(0, (height, width))
        assert min(bottom - top, right - left) > 0
        return convolution(image[None, top:bottom, left:right])

    image = np.ones((8, 9, 3))
    return [
        (tuple(crop(image, np.array([5.2, 1.0, 5.4, 7.0])).shape), (1, 1, 6, 4)),
        (tuple(crop(image, np.array([-2.0, 3.5, 4.0, 99.0])).shape), (1, 4, 6, 4)),
    ]
