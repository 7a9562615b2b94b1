import keras
import tensorflow as tf


def provoke():
    inputs = keras.Input((None, 4))
    mask = tf.reduce_any(tf.not_equal(inputs, 0.0), axis=-1)
    keras.layers.LSTM(3)(inputs, mask=mask)
