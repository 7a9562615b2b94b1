import keras
import numpy as np


def provoke():
    keras.backend.ctc_batch_cost(np.ones((1, 2)), np.ones((1, 9, 5)), [[9]], [[2]])
