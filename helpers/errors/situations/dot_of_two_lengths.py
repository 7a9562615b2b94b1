import keras
import numpy as np


def provoke():
    keras.layers.Dot(axes=1)([keras.Input((5, 4)), keras.Input((7, 4))])


def mend():
    first, second = keras.Input((None, 4)), keras.Input((None, 4))
    scores = keras.layers.Dot(axes=2)([keras.layers.Dense(4)(first), second])
    model = keras.Model([first, second], keras.ops.max(scores, axis=2))
    sizes = (5, 7), (6, 3)
    return model, [([np.ones((2, a, 4)), np.ones((2, b, 4))], np.ones((2, a))) for a, b in sizes]
