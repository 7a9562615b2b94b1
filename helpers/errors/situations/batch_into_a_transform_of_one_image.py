import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)
    generator.random_transform(np.ones((2, 8, 8, 3)))
