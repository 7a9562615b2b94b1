import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class Ceil(Rows):
        def __len__(self):
            return np.ceil(len(self.x) / self.batch_size)

    small_model().fit(Ceil(np.ones((41, 4)), np.ones((41, 1))), verbose=0)
