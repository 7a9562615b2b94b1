import keras
import numpy as np


def provoke():
    keras.layers.Add()([np.ones((9, 4)), np.ones((32, 4))])


def mend():
    inputs = keras.Input((4,))
    added = keras.layers.Add()([inputs, keras.ops.ones_like(inputs)])
    return keras.Model(inputs, keras.layers.Dense(1)(added)), [(9, 4), (32, 4)]
