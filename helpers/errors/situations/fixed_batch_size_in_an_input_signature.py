import keras
import numpy as np
import tensorflow as tf

from helpers.errors.situations.shared import small_model


def provoke():
    model = small_model()

    @tf.function(input_signature=[tf.TensorSpec((32, 4))])
    def step(x):
        return model(x)

    for first in range(0, 41, 32):
        step(np.ones((41, 4), "float32")[first : first + 32])


def mend():
    @tf.function(input_signature=[tf.TensorSpec((None, 4))])
    def doubled(x):
        return 2 * x

    layers = [keras.layers.Lambda(doubled), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((4,)), *layers]), [(32, 4), (9, 4)]
