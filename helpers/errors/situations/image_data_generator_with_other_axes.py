import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
    generator.flow(np.ones((2, 5, 8, 8, 3)))
