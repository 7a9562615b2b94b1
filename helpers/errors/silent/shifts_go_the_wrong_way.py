import keras
import numpy as np
import tensorflow as tf


def broken():
    Generator = tf.keras.preprocessing.image.ImageDataGenerator
    generator = Generator(height_shift_range=[3], fill_mode="constant")
    transform = generator.random_transform
    return (transform,)


def mend():
    layer = keras.layers.RandomTranslation((1 / 3, 1 / 3), 0.0, fill_mode="constant")

    def transform(image):
        return layer(image, training=True)

    return (transform,)


def detect(transform):
    picture = np.zeros((9, 9, 1), "float32")
    picture[4, 4] = 1
    moved = np.argwhere(np.asarray(transform(picture))[..., 0] > 0.5)[0]
    return abs(moved - 4).tolist(), [3, 0]  # rows, columns
