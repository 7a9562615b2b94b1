import keras
import numpy as np


def provoke():
    keras.utils.array_to_img(np.ones((1, 8, 8, 3)))
