import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    class Ending(Rows):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return super().__getitem__(index) if index < 2 else (np.array([]), np.array([]))

    small_model().predict(Ending(np.ones((41, 4)), np.ones(41)), verbose=0)
