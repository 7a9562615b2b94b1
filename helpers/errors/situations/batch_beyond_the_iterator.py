import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    batches = generator.flow(np.ones((4, 8, 8, 3)), np.ones(4), batch_size=2)
    for index in range(3):
        batches[index]


def instead():
    def sizes(images):
        generator = tf.keras.preprocessing.image.ImageDataGenerator()
        iterator = generator.flow(images, batch_size=2)
        return [len(iterator[index]) for index in range(len(iterator))]

    return [
        (sizes(np.ones((4, 8, 8, 3))), [2, 2]),
        (sizes(np.ones((5, 6, 9, 3))), [2, 2, 1]),
    ]
