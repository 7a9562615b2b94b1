import keras
import numpy as np


def provoke():
    features, mask = np.ones((2, 5, 4)), np.ones((2, 5), bool)
    keras.layers.Attention()([features, features], mask=mask)


def mend():
    features = keras.Input((None, 4))
    mask = keras.ops.any(features != 0, axis=-1)
    answers = keras.layers.Attention()([features, features], mask=[mask, mask])
    return keras.Model(features, keras.layers.Dense(1)(answers)), [(2, 5, 4), (3, 7, 4)]
