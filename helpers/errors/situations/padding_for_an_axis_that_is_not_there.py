import numpy as np


def provoke():
    row, length = np.ones(7), 10
    np.pad(row, ((0, length - len(row)), (0, 0)))
