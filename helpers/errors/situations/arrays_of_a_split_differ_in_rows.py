import keras
import numpy as np


def provoke():
    keras.utils.split_dataset((np.ones((5, 2)), np.ones(4)), left_size=0.5)
