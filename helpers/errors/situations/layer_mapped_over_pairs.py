import keras
import numpy as np
import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_tensor_slices((np.ones((2, 8, 8, 3)), np.ones(2)))
    rows.map(keras.layers.RandomFlip())


def instead():
    layer = keras.layers.RandomFlip()

    def shapes(images, labels):
        rows = tf.data.Dataset.from_tensor_slices((images, labels))
        rows = rows.map(lambda image, label: (layer(image, training=True), label))
        return [(tuple(image.shape), int(label)) for image, label in rows]

    return [
        (shapes(np.ones((2, 8, 8, 3)), [0, 1]), [((8, 8, 3), 0), ((8, 8, 3), 1)]),
        (shapes(np.ones((1, 6, 9, 3)), [5]), [((6, 9, 3), 5)]),
    ]
