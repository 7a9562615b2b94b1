import keras
import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)
    rows = tf.data.Dataset.from_tensor_slices(np.ones((2, 8, 8, 3)))
    rows.map(generator.random_transform)


def instead():
    layer = keras.layers.RandomRotation(0.1)

    def shapes(images):
        rows = tf.data.Dataset.from_tensor_slices(images)
        return [tuple(image.shape) for image in rows.map(layer)]

    return [
        (shapes(np.ones((2, 8, 8, 3))), [(8, 8, 3), (8, 8, 3)]),
        (shapes(np.ones((1, 6, 9, 3))), [(6, 9, 3)]),
    ]
