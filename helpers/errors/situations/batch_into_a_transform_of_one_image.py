import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)
    generator.random_transform(np.ones((2, 8, 8, 3)))


def instead():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)

    def turned(images):
        return np.stack([generator.random_transform(image) for image in images])

    return [
        (turned(np.ones((2, 8, 8, 3))).shape, (2, 8, 8, 3)),
        (turned(np.ones((5, 6, 9, 3))).shape, (5, 6, 9, 3)),
    ]
