import keras
import numpy as np
import tensorflow as tf


def provoke():
    images = tf.data.Dataset.from_generator(
        lambda: iter([np.ones((8, 9, 3))]), output_signature=tf.TensorSpec((None, None, 3))
    )
    images.map(keras.layers.RandomPerspective(1.0))


def instead():
    tilt = keras.layers.RandomPerspective(1.0, seed=1)

    def shapes(images, prepare):
        signature = tf.TensorSpec((None, None, 3))
        data = tf.data.Dataset.from_generator(lambda: images, output_signature=signature)
        return [tuple(image.shape) for image in prepare(data)]

    def one_size(data):
        return data.map(keras.layers.Resizing(8, 9)).map(tilt)

    images = [np.ones((8, 9, 3)), np.ones((5, 6, 3))]
    own_sizes = (tilt(image, training=True) for image in images)
    return [
        (shapes(images, one_size), [(8, 9, 3), (8, 9, 3)]),
        (shapes(own_sizes, iter), [(8, 9, 3), (5, 6, 3)]),
    ]
