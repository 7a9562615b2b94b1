import keras
import numpy as np


def scenes():
    images = np.zeros((16, 8, 8, 1), "float32")
    images[:, :4, :2] = 1
    return images, images.copy()  # the mask has a 1 where the image is white


def broken():
    images, masks = scenes()
    flip = keras.layers.RandomFlip(seed=1)
    images, masks = flip(images), flip(masks)
    return images, masks


def mend():
    images, masks = scenes()
    flip = keras.layers.RandomFlip(seed=1)
    both = flip(np.concatenate([images, masks], axis=-1))
    images, masks = both[..., :1], both[..., 1:]
    return images, masks


def detect(images, masks):
    images, masks = map(keras.ops.convert_to_numpy, (images, masks))
    object_seen, object_said = images > 0.5, masks > 0.5
    return float((object_seen & object_said).sum() / object_said.sum()), 1.0
