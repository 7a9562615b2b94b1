import keras
import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    def weighted(y_true, y_pred):
        return keras.ops.mean(keras.ops.ones((32, 1)) * keras.ops.square(y_true - y_pred))

    small_model(weighted).fit(Rows(np.ones((41, 4)), np.ones((41, 1))), verbose=0)


def mend():
    def weighted(y_true, y_pred):
        return keras.ops.mean(keras.ops.ones_like(y_pred) * keras.ops.square(y_true - y_pred))

    model = small_model(weighted)
    return model, [Rows(np.ones((rows, 4)), np.ones((rows, 1))) for rows in (9, 41)]
