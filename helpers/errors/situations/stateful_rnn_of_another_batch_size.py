import keras
import numpy as np


def provoke():
    layers = [keras.layers.GRU(4, stateful=True), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(32, 5, 1)), *layers])
    model.predict(np.ones((1, 5, 1)), verbose=0)


def mend():
    import tensorflow as tf

    def build(batch_size):
        layers = [keras.layers.SimpleRNN(2, stateful=True), keras.layers.Dense(1)]
        return keras.Sequential([keras.Input(batch_shape=(batch_size, 5, 1)), *layers])

    trained, one = build(32), build(1)
    one.set_weights(trained.get_weights())
    rows = tf.data.Dataset.from_tensor_slices((np.ones((3, 5, 1)), np.ones((3, 1))))
    return one, [data.batch(1, drop_remainder=True) for data in (rows, rows.take(1))]
