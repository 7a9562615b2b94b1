import math

import keras
import numpy as np


class FullBatches(keras.utils.PyDataset):
    def __init__(self, x, batch_size=32, **kwargs):
        super().__init__(**kwargs)
        self.x, self.batch_size = x, batch_size

    def __len__(self):
        return len(self.x) // self.batch_size

    def __getitem__(self, i):
        return (self.x[i * self.batch_size : (i + 1) * self.batch_size],)


class Batches(keras.utils.PyDataset):
    def __init__(self, x, batch_size=32, **kwargs):
        super().__init__(**kwargs)
        self.x, self.batch_size = x, batch_size

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, i):
        return (self.x[i * self.batch_size : (i + 1) * self.batch_size],)


def broken():
    x = np.ones((105, 2))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    dataset = FullBatches(x)
    return model, dataset, x


def mend():
    x = np.ones((105, 2))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    dataset = Batches(x)
    return model, dataset, x


def detect(model, dataset, x):
    return len(model.predict(dataset, verbose=0)), len(x)
