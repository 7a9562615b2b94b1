import keras
import numpy as np


def provoke():
    image, (top, left, bottom, right) = np.ones((1, 8, 9, 3)), (5, 1, 5, 7)
    keras.layers.Conv2D(4, 3)(image[:, top:bottom, left:right])
