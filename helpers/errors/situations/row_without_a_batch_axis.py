import numpy as np

from helpers.errors.situations.shared import small_model


def provoke():
    small_model().predict(np.ones(4), verbose=0)


def mend():
    row = np.ones(4)
    return small_model(), [(x, np.ones((len(x), 1))) for x in (row[None], np.ones((2, 4)))]
