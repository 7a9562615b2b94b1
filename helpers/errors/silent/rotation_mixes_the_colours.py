import numpy as np
import tensorflow as tf


def broken():
    def turn(image):
        return tf.keras.preprocessing.image.random_rotation(image, 40)

    return (turn,)


def mend():
    axes = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}

    def turn(image):
        return tf.keras.preprocessing.image.random_rotation(image, 40, **axes)

    return (turn,)


def detect(turn):
    orange = np.ones((9, 9, 3)) * [1.0, 0.5, 0.0]  # however it is turned, it is orange
    return sum(np.allclose(turn(orange), orange, atol=0.01) for _ in range(20)), 20
