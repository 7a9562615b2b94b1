import keras
import numpy as np
import tensorflow as tf


def provoke():
    images = tf.data.Dataset.from_generator(
        lambda: iter([np.ones((8, 9, 3))]), output_signature=tf.TensorSpec((None, None, 3))
    )
    images.map(keras.layers.RandomCrop(4, 4))
