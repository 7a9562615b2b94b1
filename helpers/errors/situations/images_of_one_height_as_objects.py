import numpy as np


def provoke():
    np.array([np.ones((8, 9, 3)), np.ones((8, 12, 3))], dtype=object)
