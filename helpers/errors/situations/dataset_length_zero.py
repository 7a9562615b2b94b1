import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class Floor(Rows):
        def __len__(self):
            return len(self.x) // self.batch_size

    small_model().fit(Floor(np.ones((31, 4)), np.ones((31, 1))), verbose=0)


def mend():
    import math

    class Ceil(Rows):
        def __len__(self):
            return math.ceil(len(self.x) / self.batch_size)

    return small_model(), [Ceil(np.ones((rows, 4)), np.ones((rows, 1))) for rows in (31, 41)]
