import math

import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y, batch_size=32, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, i):
        part = slice(i * self.batch_size, (i + 1) * self.batch_size)
        return self.x[part], self.y[part]


def small_model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken():
    x, y, model, batch_size = np.ones((105, 1)), np.ones((105, 1)), small_model(), 8
    dataset = Batches(x, y)
    model.fit(dataset, batch_size=batch_size, verbose=0)
    return dataset, batch_size


def mend():
    x, y, model, batch_size = np.ones((105, 1)), np.ones((105, 1)), small_model(), 8
    dataset = Batches(x, y, batch_size)
    model.fit(dataset, verbose=0)
    return dataset, batch_size


def detect(dataset, batch_size):
    x, *_ = dataset[0]
    return len(x), batch_size
