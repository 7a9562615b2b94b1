import keras
import numpy as np


def provoke():
    query, value, key = [keras.Input((steps, 4)) for steps in (5, 7, 6)]
    keras.layers.MultiHeadAttention(2, 2)(query, value, key)


def mend():
    query, value = keras.Input((None, 4)), keras.Input((None, 4))
    answer = keras.layers.MultiHeadAttention(2, 2)(query, value)
    model = keras.Model([query, value], answer)
    sizes = (5, 7), (6, 3)
    return model, [([np.ones((2, a, 4)), np.ones((2, b, 4))], np.ones((2, a, 4))) for a, b in sizes]
