import keras
import numpy as np


def provoke():
    class Double(keras.layers.Layer):
        def call(self, x):
            return 2 * x

        def compute_mask(self, x):
            return keras.ops.any(x != 0, axis=-1)

    Double()(keras.layers.Masking()(np.ones((2, 5, 4))))
