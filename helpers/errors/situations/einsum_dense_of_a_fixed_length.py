import keras
import numpy as np


def provoke():
    keras.layers.EinsumDense("abc,cd->abd", output_shape=(5, 3))(np.ones((2, 7, 4)))


def mend():
    layer = keras.layers.EinsumDense("abc,cd->abd", output_shape=(None, 3))
    model = keras.Sequential([keras.Input((None, 4)), layer])
    return model, [(2, 5, 4), (2, 7, 4)]
