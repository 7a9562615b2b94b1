import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)
    rows = tf.data.Dataset.from_tensor_slices(np.ones((2, 8, 8, 3)))
    rows.map(generator.random_transform)
