import tempfile

import keras
import numpy as np


def provoke():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("1", "2"):
            keras.utils.save_img(f"{folder}/{name}.png", np.ones((8, 9, 3)))
        keras.utils.image_dataset_from_directory(folder, labels=[0])
