import keras
import numpy as np


def broken():
    rows = [[1.9, -2.5, 3.75], [0.5]]
    x = keras.utils.pad_sequences(rows, padding="post")
    return x, rows


def mend():
    rows = [[1.9, -2.5, 3.75], [0.5]]
    x = keras.utils.pad_sequences(rows, padding="post", dtype="float32")
    return x, rows


def detect(x, rows):
    return float(x.sum()), float(sum(np.sum(row) for row in rows))
