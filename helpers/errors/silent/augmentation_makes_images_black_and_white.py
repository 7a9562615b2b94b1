import keras
import numpy as np


def broken():
    images = np.random.default_rng(0).random((64, 8, 8, 3)).astype("float32")
    layer = keras.layers.RandomBrightness(0.2)
    return layer, images


def mend():
    images = np.random.default_rng(0).random((64, 8, 8, 3)).astype("float32")
    layer = keras.layers.RandomBrightness(0.2, value_range=(0, 1))
    return layer, images


def detect(layer, images):
    low, high = images.min(), images.max()
    made = keras.ops.convert_to_numpy(layer(images, training=True))
    outside = (made < low - (high - low)) | (made > high + (high - low))
    return float(outside.mean()), 0.0
