import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class FullBatches(Rows):
        def __getitem__(self, index):
            rows = range(index * 32, (index + 1) * 32)
            return np.stack([self.x[row] for row in rows]), np.ones(32)

    small_model().fit(FullBatches(np.ones((105, 4)), np.ones(105)), shuffle=False, verbose=0)


def mend():
    class AllBatches(Rows):
        def __getitem__(self, index):
            n = min(32, len(self.x) - index * 32)
            rows = range(index * 32, index * 32 + n)
            return np.stack([self.x[row] for row in rows]).reshape(-1, 4), np.ones((n, 1))

    return small_model(), [AllBatches(np.ones((rows, 4)), np.ones(rows)) for rows in (105, 9)]
