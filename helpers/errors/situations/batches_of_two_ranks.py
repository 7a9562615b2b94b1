import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class Squeezed(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return np.squeeze(x), y

    small_model().fit(Squeezed(np.ones((33, 4, 1)), np.ones(33)), shuffle=False, verbose=0)


def mend():
    class Squeezed(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return np.squeeze(x, axis=-1), y

    return small_model(), [Squeezed(np.ones((rows, 4, 1)), np.ones(rows)) for rows in (33, 41)]
