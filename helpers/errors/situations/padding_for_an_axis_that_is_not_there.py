import numpy as np


def provoke():
    row, length = np.ones(7), 10
    np.pad(row, ((0, length - len(row)), (0, 0)))


def instead():
    def padded(row, length):
        return np.pad(row, ((0, length - len(row)),))

    return [
        (padded(np.array([1, 2, 3]), 5).tolist(), [1, 2, 3, 0, 0]),
        (padded(np.array([4, 5]), 3).tolist(), [4, 5, 0]),
    ]
