import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    y = np.ones((41, 1))
    small_model().fit(Rows(np.ones((41, 4)), y), y, verbose=0)


def mend():
    class Weighted(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return x, y, np.ones(len(x))

    return small_model(), [Weighted(np.ones((rows, 4)), np.ones((rows, 1))) for rows in (41, 9)]
