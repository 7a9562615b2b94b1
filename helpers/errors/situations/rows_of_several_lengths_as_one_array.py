import numpy as np


def provoke():
    np.array([[1, 2, 3], [4]])
