import numpy as np


def provoke():
    boxes = np.zeros((0, 4))
    np.stack([np.ones(16) for box in boxes])
