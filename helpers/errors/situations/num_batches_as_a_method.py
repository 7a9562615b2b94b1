import keras
import numpy as np

from helpers.errors.situations.shared import small_model


def provoke():
    class Batches(keras.utils.PyDataset):
        def num_batches(self):
            return 3

        def __getitem__(self, index):
            return np.ones((32, 4)), np.ones((32, 1))

    small_model().fit(Batches(), verbose=0)


def mend():
    class Batches(keras.utils.PyDataset):
        def __init__(self, x):
            super().__init__()
            self.x = x

        def __len__(self):
            return -(-len(self.x) // 32)

        def __getitem__(self, index):
            x = self.x[index * 32 : (index + 1) * 32]
            return x, np.ones((len(x), 1))

    return small_model(), [Batches(np.ones((105, 4))), Batches(np.ones((9, 4)))]
