import keras
import numpy as np
import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_tensor_slices(np.ones((2, 8, 8, 3)))
    rows.map(lambda image: keras.layers.RandomContrast(0.1)(image))
