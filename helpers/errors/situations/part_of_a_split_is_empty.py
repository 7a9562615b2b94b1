import numpy as np

from helpers.errors.situations.shared import small_model


def provoke():
    small_model().fit(np.ones((1, 4)), np.ones(1), validation_split=0.2, verbose=0)
