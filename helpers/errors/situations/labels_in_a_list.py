import numpy as np

from helpers.errors.situations.shared import small_model


def provoke():
    small_model().fit(np.ones((41, 4)), [1.0] * 41, verbose=0)
