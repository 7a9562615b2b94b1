import tempfile
from pathlib import Path

import keras
import numpy as np


def provoke():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("1", "2"):
            keras.utils.save_img(f"{folder}/{name}.png", np.ones((8, 9, 3)))
        keras.utils.image_dataset_from_directory(folder, labels=[0])


def instead():
    def label_of(path):
        return int(path.stem.startswith("cat"))

    def labels(names):
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                keras.utils.save_img(f"{folder}/{name}.png", np.ones((8, 9, 3)))
            labels = [label_of(path) for path in sorted(Path(folder).iterdir())]
            data = keras.utils.image_dataset_from_directory(
                folder, labels=labels, shuffle=False, verbose=False
            )
            return [int(label) for _, batch in data for label in batch]

    return [(labels(["dog1", "cat1"]), [1, 0]), (labels(["dog1", "cat2", "cat1"]), [1, 1, 0])]
