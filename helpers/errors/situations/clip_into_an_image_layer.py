import keras
import numpy as np


def provoke():
    clips = np.ones((2, 5, 8, 8, 3))
    keras.layers.RandomFlip()(clips)
