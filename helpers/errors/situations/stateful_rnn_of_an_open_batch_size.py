import keras
import numpy as np


def provoke():
    layers = [keras.layers.GRU(4, stateful=True), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((5, 1)), *layers])
    model.predict(np.ones((32, 5, 1)), verbose=0)


def mend():
    import tensorflow as tf

    layers = [keras.layers.SimpleRNN(2, stateful=True), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(4, 5, 1)), *layers])

    def batches(rows):
        data = tf.data.Dataset.from_tensor_slices((np.ones((rows, 5, 1)), np.ones((rows, 1))))
        return data.batch(4, drop_remainder=True)

    return model, [batches(10), batches(4)]
