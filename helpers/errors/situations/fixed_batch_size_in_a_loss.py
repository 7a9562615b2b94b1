import keras
import numpy as np
import tensorflow as tf

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    def weighted(y_true, y_pred):
        return tf.reduce_mean(tf.ones((32, 1)) * tf.square(y_true - y_pred))

    small_model(weighted).fit(Rows(np.ones((41, 4)), np.ones((41, 1))), verbose=0)


def mend():
    def weighted(y_true, y_pred):
        return tf.reduce_mean(keras.ops.ones_like(y_pred) * tf.square(y_true - y_pred))

    model = small_model(weighted)
    return model, [Rows(np.ones((rows, 4)), np.ones((rows, 1))) for rows in (9, 41)]
