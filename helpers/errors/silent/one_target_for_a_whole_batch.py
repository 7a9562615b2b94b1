import keras
import numpy as np


class TwoRules(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        x, y = np.ones((105, 1)), np.ones((97, 1))  # rows of y have been lost before
        return x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32]


class OneRule(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        x, y = np.ones((105, 1)), np.ones((105, 1))
        if len(x) != len(y):
            raise ValueError(f"{len(x)} rows of x, {len(y)} of y")
        return x[i * 32 : (i + 1) * 32], y[i * 32 : (i + 1) * 32]


def small_model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken():
    dataset, model = TwoRules(), small_model()
    model.fit(dataset, verbose=0)
    return (dataset,)


def mend():
    dataset, model = OneRule(), small_model()
    model.fit(dataset, verbose=0)
    return (dataset,)


def detect(dataset):
    batches = [dataset[i] for i in range(len(dataset))]
    return [len(y) for x, y in batches], [len(x) for x, y in batches]
