import tempfile

import keras
import numpy as np


def provoke():
    with tempfile.TemporaryDirectory() as folder:
        keras.utils.save_img(f"{folder}/1.png", np.ones((8, 9, 3)))  # in no class
        keras.utils.image_dataset_from_directory(folder)


def instead():
    def shapes(sizes):
        with tempfile.TemporaryDirectory() as folder:
            for row, (height, width) in enumerate(sizes):
                keras.utils.save_img(f"{folder}/{row}.png", np.ones((height, width, 3)))
            images = keras.utils.image_dataset_from_directory(
                folder, labels=None, image_size=(32, 24), verbose=False
            )
            return [tuple(batch.shape) for batch in images]

    return [(shapes([(8, 9)]), [(1, 32, 24, 3)]), (shapes([(8, 9), (50, 6)]), [(2, 32, 24, 3)])]
