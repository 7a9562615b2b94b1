import tensorflow as tf


def provoke():
    tf.keras.layers.experimental.preprocessing.RandomFlip("horizontal")
