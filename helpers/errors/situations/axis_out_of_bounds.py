import keras
import numpy as np


def provoke():
    ids = keras.Input((None,))
    keras.ops.any(ids != 0, axis=2)


def mend():
    ids = keras.Input((None,))
    vectors = keras.layers.Embedding(10, 4)(ids)
    real = keras.ops.cast(ids != 0, "float32")[..., None]
    sums = keras.ops.sum(vectors * real, axis=1)
    model = keras.Model(ids, keras.layers.Dense(1)(sums))
    return model, [(np.array([[3, 1, 0]]), np.ones((1, 1))), (np.ones((2, 5)), np.ones((2, 1)))]
