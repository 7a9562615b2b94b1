import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class Weighted(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return x, y, np.ones(len(x))

    data = Weighted(np.ones((41, 4)), np.ones(41, int))
    small_model().fit(data, class_weight={0: 0.5, 1: 2.0}, verbose=0)


def mend():
    class Weighted(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            weights = np.ones(len(x))
            return x, y, weights * np.array([0.5, 2.0])[y]

    return small_model(), [Weighted(np.ones((rows, 4)), np.ones(rows, int)) for rows in (41, 64)]
