import keras
import numpy as np


def provoke():
    keras.ops.image.crop_images(np.ones((16, 30, 3)), 10, 10, 10, 10)


def instead():
    def cropped(height, width):
        top, left = (min(10, (size - 1) // 2) for size in (height, width))
        image = np.ones((height, width, 3))
        return tuple(keras.ops.image.crop_images(image, top, left, top, left).shape)

    return [(cropped(16, 30), (2, 10, 3)), (cropped(40, 25), (20, 5, 3))]
