import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
    generator.flow(np.ones((2, 5, 8, 8, 3)))


def instead():
    def shape(images):
        generator = tf.keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
        return next(generator.flow(images[..., None])).shape

    return [
        (shape(np.ones((2, 8, 8))), (2, 8, 8, 1)),
        (shape(np.ones((5, 6, 9))), (5, 6, 9, 1)),
    ]
