import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    data = Rows(np.ones((41, 4)), [1.0] * 41)
    small_model().fit(data, verbose=0)


def mend():
    class Arrays(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return x, np.asarray(y)

    return small_model(), [Arrays(np.ones((rows, 4)), [1.0] * rows) for rows in (64, 41)]
