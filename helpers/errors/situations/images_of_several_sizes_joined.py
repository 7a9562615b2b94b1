import numpy as np


def provoke():
    images = [np.ones((8, 9, 3)), np.ones((7, 12, 3))]
    np.concatenate([image[None] for image in images])
