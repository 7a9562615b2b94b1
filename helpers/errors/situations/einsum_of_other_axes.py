import keras
import numpy as np


def provoke():
    x, weights = keras.Input((None, 4)), keras.Input((4,))
    keras.ops.einsum("bij,bjk->bik", x, weights)


def instead():
    def weighted(x, weights):
        return tuple(keras.ops.einsum("bij,bj->bi", x, weights).shape)

    def product(x, weights):
        return tuple(keras.ops.einsum("bij,bjk->bik", x, weights[..., None]).shape)

    long, short = np.ones((2, 7, 4)), np.ones((2, 3, 4))
    weights = np.ones((2, 4))
    return [
        (weighted(long, weights), (2, 7)),
        (weighted(short, weights), (2, 3)),
        (product(long, weights), (2, 7, 1)),
        (product(short, weights), (2, 3, 1)),
    ]
