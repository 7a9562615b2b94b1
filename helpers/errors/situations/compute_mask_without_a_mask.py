import keras
import numpy as np


def provoke():
    class Double(keras.layers.Layer):
        def call(self, x):
            return 2 * x

        def compute_mask(self, x):
            return keras.ops.any(x != 0, axis=-1)

    Double()(keras.layers.Masking()(np.ones((2, 5, 4))))


def mend():
    class Double(keras.layers.Layer):
        def call(self, x):
            return 2 * x

        def compute_mask(self, x, previous_mask=None):
            mask = keras.ops.any(x != 0, axis=-1)
            return mask if previous_mask is None else mask & previous_mask

    layers = [keras.layers.Masking(), Double(), keras.layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((None, 4)), *layers, keras.layers.Dense(1)])
    return model, [(2, 5, 4), (3, 7, 4)]
