import keras
import numpy as np


def provoke():
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.Dense(3)])
    model.compile("sgd", "mse", metrics=[keras.metrics.F1Score()])
    model.fit(np.ones((2, 5, 4)), np.ones((2, 5, 3)), verbose=0)


def mend():
    class StepScore(keras.metrics.F1Score):
        def update_state(self, y_true, y_pred, sample_weight=None):
            flat = [keras.ops.reshape(y, (-1, 3)) for y in (y_true, y_pred)]
            if sample_weight is not None:
                sample_weight = keras.ops.reshape(sample_weight, (-1,))
            return super().update_state(*flat, sample_weight=sample_weight)

    layer = keras.layers.Dense(3, activation="sigmoid")
    model = keras.Sequential([keras.Input((None, 4)), layer])
    model.compile("sgd", "mse", metrics=[StepScore()])
    return model, [(2, 5, 4), (2, 7, 4)]
