import tempfile

import keras
import numpy as np
import tensorflow as tf


def provoke():
    tf.keras.preprocessing.image.ImageDataGenerator(target_size=(224, 224))


def instead():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()

    def shape(sizes):
        with tempfile.TemporaryDirectory() as folder:
            for row, (height, width) in enumerate(sizes):
                keras.utils.save_img(f"{folder}/{row}.png", np.ones((height, width, 3)))
            batches = generator.flow_from_directory(
                folder, target_size=(32, 24), classes=["."], class_mode=None
            )
            return next(batches).shape

    one, two = shape([(8, 9)]), shape([(8, 9), (50, 6)])
    return [(one, (1, 32, 24, 3)), (two, (2, 32, 24, 3))]
