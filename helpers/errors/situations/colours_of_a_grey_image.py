import keras
import numpy as np


def provoke():
    keras.layers.RandomSaturation(0.2)(np.ones((2, 8, 8, 1)))
