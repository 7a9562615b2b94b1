import keras
import numpy as np


def provoke():
    masks = np.ones((2, 6, 9, 1), "int32")
    keras.layers.Resizing(8, 8, pad_to_aspect_ratio=True)(masks)


def instead():
    resize = keras.layers.Resizing(4, 4, pad_to_aspect_ratio=True, interpolation="nearest")

    def resized(masks):
        found = resize(masks.astype("float32"))
        return keras.ops.convert_to_numpy(found).astype(masks.dtype)[0, ..., 0].tolist()

    small, large = np.ones((1, 2, 4, 1), "int32"), 7 * np.ones((1, 4, 8, 1), "int32")
    return [
        (resized(small), [[0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]]),
        (resized(large), [[0, 0, 0, 0], [7, 7, 7, 7], [7, 7, 7, 7], [0, 0, 0, 0]]),
    ]
