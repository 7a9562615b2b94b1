import numpy as np


def provoke():
    batch = np.zeros((2, 8, 9, 3))
    for place, image in zip(batch, [np.ones((8, 9, 3)), np.ones((8, 12, 3))], strict=True):
        place[:] = image
