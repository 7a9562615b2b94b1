import keras
import numpy as np


def provoke():
    features, mask = np.ones((2, 5, 4)), np.ones((2, 4), bool)
    keras.layers.LSTM(3)(features, mask=mask)


def mend():
    features, mask = keras.Input((None, 4)), keras.Input((None,), dtype="bool")
    model = keras.Model([features, mask], keras.layers.SimpleRNN(2)(features, mask=mask))
    lists = [[np.ones((steps, 4)) for steps in lengths] for lengths in ((5, 4), (2, 7))]
    options = {"padding": "post", "dtype": "float32"}
    padded = [keras.utils.pad_sequences(rows, **options) for rows in lists]
    return model, [([x, np.any(x != 0, axis=-1)], np.ones((2, 2))) for x in padded]
