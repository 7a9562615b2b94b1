import keras
import numpy as np
import tensorflow as tf

from helpers.errors.situations.shared import Rows


def provoke():
    inputs = keras.Input(batch_shape=(32, 5, 4))
    outputs = keras.layers.GRU(16, stateful=True)(inputs)
    model = keras.Model(inputs, outputs)
    model.predict(Rows(np.ones((41, 5, 4)), np.ones(41)), verbose=0)


def mend():
    inputs = keras.Input(batch_shape=(4, 5, 3))
    model = keras.Model(inputs, keras.layers.SimpleRNN(2, stateful=True)(inputs))

    def batches(rows):
        padded = -rows % 4
        x = np.concatenate([np.ones((rows, 5, 3)), np.zeros((padded, 5, 3))])
        weights = np.concatenate([np.ones(rows), np.zeros(padded)])
        dataset = tf.data.Dataset.from_tensor_slices((x, np.ones((len(x), 2)), weights))
        return dataset.batch(4, drop_remainder=True)

    return model, [batches(6), batches(3)]
