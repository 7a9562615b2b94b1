import keras
import numpy as np


def provoke():
    keras.ops.squeeze(np.ones((2, 5, 4)), axis=1)


def mend():
    images = keras.Input((None, None, 3))
    columns = keras.ops.max(keras.layers.Conv2D(2, 3)(images), axis=1)
    model = keras.Model(images, columns)
    return model, [(2, 8, 9, 3), (2, 10, 12, 3)]
