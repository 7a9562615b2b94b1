import math

import keras
import numpy as np


class OneBatchTooMany(keras.utils.PyDataset):
    def __init__(self, x, y, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x) // 32 + 1

    def __getitem__(self, i):
        return self.x[i * 32 : (i + 1) * 32], self.y[i * 32 : (i + 1) * 32]


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x, y

    def __len__(self):
        return math.ceil(len(self.x) / 32)

    def __getitem__(self, i):
        return self.x[i * 32 : (i + 1) * 32], self.y[i * 32 : (i + 1) * 32]


def normalised():
    layers = [keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("sgd", "mse")
    return model


def broken():
    x, model = np.ones((96, 2)), normalised()
    dataset = OneBatchTooMany(x, np.ones((96, 1)))
    model.fit(dataset, verbose=0)
    return model, x


def mend():
    x, model = np.ones((96, 2)), normalised()
    dataset = Batches(x, np.ones((96, 1)))
    model.fit(dataset, verbose=0)
    return model, x


def detect(model, x):
    return int(np.isnan(model.predict(x, verbose=0)).sum()), 0
