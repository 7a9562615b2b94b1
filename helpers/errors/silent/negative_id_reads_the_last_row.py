import keras
import numpy as np


def table():
    layer = keras.layers.Embedding(4, 1)
    layer.build()
    layer.set_weights([np.arange(4.0)[:, None]])
    return layer


def broken():
    x = keras.utils.pad_sequences([[1, 2], [3]], padding="post", value=-1)
    layer = table()
    layer(x)
    return layer, x


def mend():
    x = keras.utils.pad_sequences([[1, 2], [3]], padding="post")
    layer = table()
    layer(x)
    return layer, x


def detect(layer, x):
    return int(((x < 0) | (x >= layer.input_dim)).sum()), 0
