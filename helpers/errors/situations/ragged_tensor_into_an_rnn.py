import keras
import tensorflow as tf


def provoke():
    layers = [keras.layers.Embedding(10, 4), keras.layers.LSTM(2)]
    keras.Sequential(layers).predict(tf.ragged.constant([[1, 2, 3], [4]]), verbose=0)
