import keras
import numpy as np
import tensorflow as tf


def provoke():
    images = tf.data.Dataset.from_generator(
        lambda: iter([np.ones((8, 9, 3))]), output_signature=tf.TensorSpec((None, None, 3))
    )
    images.map(keras.layers.CenterCrop(4, 5))


def instead():
    def crop(image):
        return tf.image.resize_with_crop_or_pad(image, 4, 5)

    def shapes(*images):
        signature = tf.TensorSpec((None, None, 3))
        data = tf.data.Dataset.from_generator(lambda: images, output_signature=signature)
        return [tuple(image.shape) for image in data.map(crop)]

    layer = keras.layers.CenterCrop(3, 4)
    large, small = np.ones((8, 9, 3)), np.ones((5, 6, 3))
    return [
        (shapes(large, small), [(4, 5, 3), (4, 5, 3)]),
        ([tuple(layer(image).shape) for image in (large, small)], [(3, 4, 3), (3, 4, 3)]),
    ]
