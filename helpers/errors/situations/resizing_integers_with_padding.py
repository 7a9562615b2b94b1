import keras
import numpy as np


def provoke():
    masks = np.ones((2, 6, 9, 1), "int32")
    keras.layers.Resizing(8, 8, pad_to_aspect_ratio=True)(masks)
