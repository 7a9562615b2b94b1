import keras
import numpy as np


def broken():
    rows = [np.array([[10.0], [0.0], [30.0]]), np.array([[20.0]])]
    x = keras.utils.pad_sequences(rows, dtype="float32", padding="post")
    masking = keras.layers.Masking()
    return masking, x, rows


def mend():
    rows = [np.array([[10.0], [0.0], [30.0]]), np.array([[20.0]])]
    x = keras.utils.pad_sequences(rows, dtype="float32", padding="post", value=-99)
    masking = keras.layers.Masking(-99)
    return masking, x, rows


def detect(masking, x, rows):
    mask = keras.ops.convert_to_numpy(masking.compute_mask(x))
    return mask.sum(axis=1).tolist(), [len(row) for row in rows]
