import keras
import numpy as np
import tensorflow as tf


def provoke():
    images = tf.data.Dataset.from_generator(
        lambda: iter([np.ones((8, 9, 3))]), output_signature=tf.TensorSpec((None, None, 3))
    )
    images.map(keras.layers.RandomCrop(4, 4))


def instead():
    layer = keras.layers.RandomCrop(4, 5)

    def crop(image):
        image.set_shape((8, 9, 3))
        return layer(image)

    def crop_of_any(image):
        return tf.image.random_crop(image, (4, 5, 3))

    def shapes(function, *images):
        signature = tf.TensorSpec((None, None, 3))
        data = tf.data.Dataset.from_generator(lambda: images, output_signature=signature)
        return [tuple(image.shape) for image in data.map(function)]

    large, small = np.ones((8, 9, 3)), np.ones((5, 6, 3))
    return [
        (shapes(crop, large), [(4, 5, 3)]),
        (shapes(crop_of_any, large, small), [(4, 5, 3), (4, 5, 3)]),
    ]
