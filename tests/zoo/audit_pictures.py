"""Programs of the audit's zoo about pictures that are padded in width or in height."""

import keras
import numpy as np
from audit_programs import breaks, compiled
from keras import layers, ops


def pictures(sizes, axis):
    """Return pictures that are padded on one axis, and their sizes on it."""
    shape = [len(sizes), 8, 8, 1]
    shape[axis] = max(sizes)
    x = np.random.default_rng(0).uniform(0.1, 1, shape).astype("float32")
    for picture, size in zip(np.moveaxis(x, axis, 1), sizes, strict=True):
        picture[size:] = 0
    return x, np.array(sizes)


def real(h, sizes):
    return ops.cumsum(ops.ones_like(h[:, 0, :, 0], dtype="int32"), axis=1) <= sizes[:, None]


def columns(h):
    features = h.shape[1] * h.shape[3]
    return layers.Reshape((-1, features))(layers.Permute((2, 1, 3))(h))


@breaks("RE202")
def two_convolutions_over_padded_columns(broken):
    image, width = keras.Input((8, None, 1)), keras.Input((), dtype="int32")
    h = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    if not broken:
        h = h * ops.cast(real(h, width), h.dtype)[:, None, :, None]
    h = layers.Conv2D(4, 3, padding="same")(h)
    h = layers.LSTM(3)(columns(h), mask=real(h, width))
    model = compiled(keras.Model([image, width], h))
    x, widths = pictures((12, 5, 9, 7), axis=2)
    return {"model": model, "data": ([x, widths], np.ones((4, 3), "float32")), "lengths": widths}


@breaks("RE202")
def rows_of_pictures_without_a_mask(broken):
    mask = [] if broken else [layers.Masking()]
    steps = [layers.Reshape((-1, 8)), *mask, layers.GRU(3)]
    model = compiled(keras.Sequential([keras.Input((None, 8, 1)), *steps]))
    x, _ = pictures((12, 5, 9, 7), axis=1)
    return {"model": model, "data": (x, np.ones((4, 3), "float32"))}


@breaks("RE202")
def average_over_padded_columns(broken):
    image, width = keras.Input((8, None, 1), name="image"), keras.Input((), name="width")
    if broken:
        h = layers.GlobalAveragePooling2D()(image) + 0 * width[:, None]
    else:
        h = ops.sum(image, axis=(1, 2)) / (8 * width[:, None])
    model = compiled(keras.Model({"image": image, "width": width}, layers.Dense(2)(h)))
    x, widths = pictures((12, 5, 9, 7), axis=2)
    data = {"image": x, "width": widths.astype("float32")}, np.ones((4, 2), "float32")
    return {"model": model, "data": data}
