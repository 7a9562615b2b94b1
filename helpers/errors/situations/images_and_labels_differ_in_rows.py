import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    generator.flow(np.ones((4, 8, 8, 3)), np.ones(3))
