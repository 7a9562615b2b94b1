import keras
import numpy as np


def provoke():
    images = keras.Input((None, None, 1))
    fine = keras.layers.Conv2D(4, 3, padding="same")(images)
    coarse = keras.layers.MaxPooling2D(2)(fine)
    joined = keras.layers.Concatenate()([fine, keras.layers.UpSampling2D(2)(coarse)])
    keras.Model(images, joined).predict(np.ones((2, 9, 11, 1)), verbose=0)


def mend():
    images = keras.Input((None, None, 1))
    fine = keras.layers.Conv2D(4, 3, padding="same")(images)
    coarse = keras.layers.MaxPooling2D(2)(fine)
    joined = keras.layers.Concatenate()([fine, keras.layers.UpSampling2D(2)(coarse)])
    odd = [np.ones((2, 9, 11, 1)), np.ones((2, 7, 8, 1))]
    even = [np.pad(x, [(0, 0), (0, x.shape[1] % 2), (0, x.shape[2] % 2), (0, 0)]) for x in odd]
    return keras.Model(images, joined), [x.shape for x in even]
