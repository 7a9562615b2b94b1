import keras
import numpy as np


def provoke():
    keras.utils.array_to_img(np.ones((1, 8, 8, 3)))


def instead():
    images, plane = np.ones((2, 8, 9, 3)), np.ones((6, 5))
    image = keras.utils.array_to_img(images[0])  # its `size` has the width first
    grey = keras.utils.array_to_img(plane[..., None])
    return [(image.size, (9, 8)), (grey.size, (5, 6))]
