import numpy as np


def provoke():
    np.stack([np.ones((5, 3)), np.ones((4, 3))])
