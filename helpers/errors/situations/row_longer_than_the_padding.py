import numpy as np


def provoke():
    row, length = np.ones((12, 3)), 10
    np.pad(row, ((0, length - len(row)), (0, 0)))
