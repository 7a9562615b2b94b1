import numpy as np
import tensorflow as tf


def provoke():
    files = tf.data.Dataset.from_tensor_slices([tf.io.encode_png(np.ones((8, 9, 3), "uint8"))])
    images = files.map(tf.io.decode_image)
    images.map(lambda image: tf.image.resize(image, (4, 4)))


def instead():
    def decode(file):
        return tf.io.decode_image(file, channels=3, expand_animations=False)

    def shapes(image):
        images = tf.data.Dataset.from_tensors(tf.io.encode_png(image)).map(decode)
        small = images.map(lambda image: tf.image.resize(image, (4, 4)))
        return [tuple(image.shape) for data in (images, small) for image in data]

    return [
        (shapes(np.ones((8, 9, 3), "uint8")), [(8, 9, 3), (4, 4, 3)]),
        (shapes(np.ones((5, 6, 1), "uint8")), [(5, 6, 3), (4, 4, 3)]),
    ]
