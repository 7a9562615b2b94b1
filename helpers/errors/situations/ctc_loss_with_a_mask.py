import keras
import numpy as np
from keras import ops


def provoke():
    layers = [keras.layers.Masking(), keras.layers.LSTM(4, return_sequences=True)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss=keras.losses.CTC(), optimizer="sgd")
    model.fit(np.ones((2, 9, 3)), np.array([[1, 2], [1, 3]]), verbose=0)


def mend():
    class Reader(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, *others, **named):
            steps = ops.sum(ops.cast(ops.any(x != 0, axis=-1), "int32"), axis=-1)
            letters = ops.sum(ops.cast(y != 0, "int32"), axis=-1)
            return ops.mean(ops.ctc_loss(y, y_pred, letters, steps, mask_index=0))

    inputs = keras.Input((None, 3))
    model = Reader(inputs, keras.layers.Dense(4)(keras.layers.Masking()(inputs)))
    model.compile("sgd")
    real = [np.arange(steps) < [[steps], [5]] for steps in (9, 6)]
    return model, [(np.ones(3) * each[..., None], np.array([[1, 2], [3, 0]])) for each in real]
