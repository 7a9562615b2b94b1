import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class Floor(Rows):
        def __len__(self):
            return len(self.x) // self.batch_size

    small_model().fit(Floor(np.ones((31, 4)), np.ones((31, 1))), verbose=0)
