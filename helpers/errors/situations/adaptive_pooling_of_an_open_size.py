import keras
import numpy as np


def provoke():
    layer = keras.layers.AdaptiveAveragePooling1D(3)
    model = keras.Sequential([keras.Input((None, 4)), layer])
    for steps in (5, 7):
        model.predict(np.ones((2, steps, 4)), verbose=0)


def mend():
    class Parts(keras.layers.Layer):
        def call(self, x):
            steps, part = keras.ops.shape(x)[1], keras.ops.arange(3)[:, None]
            step, after = keras.ops.arange(steps)[None], (part + 1) * steps
            inside = (step >= part * steps // 3) & (step < (after + 2) // 3)
            weights = keras.ops.cast(inside, "float32")
            return keras.ops.matmul(weights / keras.ops.sum(weights, axis=1, keepdims=True), x)

    model = keras.Sequential([keras.Input((None, 4)), Parts(), keras.layers.Dense(1)])
    return model, [(2, 5, 4), (2, 7, 4)]
