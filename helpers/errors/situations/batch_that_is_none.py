import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class FullBatches(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            if len(x) == 32:
                return x, y
            return None

    small_model().fit(FullBatches(np.ones((41, 4)), np.ones(41)), verbose=0)
