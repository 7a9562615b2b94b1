import keras
import numpy as np


def provoke():
    row, length = np.ones((12, 3)), 10
    np.pad(row, ((0, length - len(row)), (0, 0)))


def instead():
    def padded(rows, **options):
        return keras.utils.pad_sequences(rows, padding="post", dtype="float32", **options)

    def cut(row, length):
        row = row[:length]
        return np.pad(row, ((0, length - len(row)), (0, 0)))

    rows = [np.ones((12, 3)), np.ones((4, 3))]
    return [
        (padded(rows).shape, (2, 12, 3)),
        (padded(rows[1:]).shape, (1, 4, 3)),
        ([cut(row, 10).shape for row in rows], [(10, 3), (10, 3)]),
    ]
