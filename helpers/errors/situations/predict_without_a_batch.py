import numpy as np
import tensorflow as tf

from helpers.errors.situations.shared import small_model


def provoke():
    rows = tf.data.Dataset.from_tensor_slices(np.ones((31, 4)))
    small_model().predict(rows.batch(32, drop_remainder=True), verbose=0)


def mend():
    def batches(rows):
        data = np.ones((rows, 4)), np.ones((rows, 1))
        return tf.data.Dataset.from_tensor_slices(data).batch(32)

    return small_model(), [batches(31), batches(41)]
