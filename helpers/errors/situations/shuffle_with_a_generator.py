import numpy as np

from helpers.errors.situations.shared import small_model


def provoke():
    batches = ((np.ones((2, 4)), np.ones((2, 1))) for _ in range(3))
    small_model().fit(batches, verbose=0)


def mend():
    def batches(x, y):
        rng = np.random.default_rng(0)
        order = rng.permutation(len(x))
        for start in range(0, len(x), 4):
            rows = order[start : start + 4]
            yield x[rows], y[rows]

    def few():
        return batches(np.ones((6, 4)), np.ones((6, 1)))

    def many():
        return batches(np.ones((11, 4)), np.ones((11, 1)))

    return small_model(), [few, many]
