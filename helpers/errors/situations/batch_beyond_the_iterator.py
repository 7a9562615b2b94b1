import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    batches = generator.flow(np.ones((4, 8, 8, 3)), np.ones(4), batch_size=2)
    for index in range(3):
        batches[index]
