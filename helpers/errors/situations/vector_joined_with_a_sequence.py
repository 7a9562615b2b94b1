import keras
import numpy as np


def provoke():
    sequence, vector = keras.Input((None, 4)), keras.Input((3,))
    keras.layers.Concatenate()([sequence, vector])


def mend():
    sequence, vector = keras.Input((None, 4)), keras.Input((3,))
    repeated = vector[:, None] * keras.ops.ones_like(sequence[..., :1])
    joined = keras.layers.Concatenate()([sequence, repeated])
    model = keras.Model([sequence, vector], keras.layers.Dense(1)(joined))
    sizes = (5, 7)
    return model, [([np.ones((2, n, 4)), np.ones((2, 3))], np.ones((2, n, 1))) for n in sizes]
