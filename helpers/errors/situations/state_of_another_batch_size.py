import keras
import numpy as np


def provoke():
    state = keras.Variable(np.zeros((32, 4)))
    for batch in (np.ones((32, 4)), np.ones((9, 4))):
        state.assign(batch)


def mend():
    class Mean(keras.layers.Layer):
        def build(self, shape):
            self.mean = self.add_weight(shape=shape[1:], trainable=False)

        def call(self, inputs):
            self.mean.assign(keras.ops.mean(inputs, axis=0))
            return inputs

    model = keras.Sequential([keras.Input((4,)), Mean(), keras.layers.Dense(1)])
    return model, [(32, 4), (9, 4)]
