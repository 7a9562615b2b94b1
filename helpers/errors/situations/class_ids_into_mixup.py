import keras
import numpy as np


def provoke():
    keras.layers.MixUp()({"images": np.ones((2, 8, 8, 3)), "labels": np.array([0, 1])})
