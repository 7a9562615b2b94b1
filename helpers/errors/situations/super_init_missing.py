import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class Forgetful(Rows):
        def __init__(self, x, y):
            self.x, self.y, self.batch_size = x, y, 32

    small_model().fit(Forgetful(np.ones((41, 4)), np.ones((41, 1))), verbose=0)


def mend():
    class Mindful(Rows):
        def __init__(self, x, y, **kwargs):
            super().__init__(x, y, **kwargs)

    return small_model(), [Mindful(np.ones((rows, 4)), np.ones((rows, 1))) for rows in (9, 41)]
