import keras
import numpy as np


def provoke():
    keras.utils.pad_sequences([np.ones((5, 3)), np.ones((4, 2))])
