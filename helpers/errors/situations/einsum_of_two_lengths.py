import keras
import numpy as np


def provoke():
    keras.ops.einsum("btf,btf->bt", np.ones((2, 7, 4)), np.ones((2, 5, 4)))


def instead():
    def each_with_each(a, b):
        return tuple(keras.ops.einsum("btf,bsf->bts", a, b).shape)

    def step_by_step(a, b):
        steps = min(a.shape[1], b.shape[1])
        return tuple(keras.ops.einsum("btf,btf->bt", a[:, :steps], b[:, :steps]).shape)

    long, short, shorter = np.ones((2, 7, 4)), np.ones((2, 5, 4)), np.ones((2, 3, 4))
    return [
        (each_with_each(long, short), (2, 7, 5)),
        (each_with_each(short, shorter), (2, 5, 3)),
        (step_by_step(long, short), (2, 5)),
        (step_by_step(short, shorter), (2, 3)),
    ]
