import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    data = Rows(np.ones((41, 4)), np.ones((41, 1)))
    small_model().fit(data, workers=2, verbose=0)


def mend():
    def rows(number):
        return Rows(np.ones((number, 4)), np.ones((number, 1)), workers=2)

    return small_model(), [rows(41), rows(9)]
