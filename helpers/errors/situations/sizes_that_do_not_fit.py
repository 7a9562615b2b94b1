import keras
import numpy as np


def provoke():
    targets, answers = np.ones((2, 5, 1)), np.ones((2, 7, 1))
    keras.losses.mean_squared_error(targets, answers)
