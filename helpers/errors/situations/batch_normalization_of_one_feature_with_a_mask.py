import keras
import numpy as np


def provoke():
    layer = keras.layers.BatchNormalization()
    layer(np.ones((4, 5, 1)), mask=np.ones((4, 5), bool), training=True)


def mend():
    inputs = keras.Input((None, 1))
    mask = keras.ops.any(keras.ops.not_equal(inputs, 0), axis=-1)
    twice = keras.layers.Concatenate()([inputs, inputs])
    normal = keras.layers.BatchNormalization()(twice, mask=mask)[..., :1]
    return keras.Model(inputs, keras.layers.Dense(1)(normal)), [(4, 5, 1), (4, 7, 1)]
