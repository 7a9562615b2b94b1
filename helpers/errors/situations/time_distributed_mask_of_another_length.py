import keras
import numpy as np


def provoke():
    layer = keras.layers.TimeDistributed(keras.layers.Dense(2))
    layer(np.ones((4, 5, 3)), mask=np.ones((4, 6), bool))


def mend():
    features, mask = keras.Input((7, 3)), keras.Input((7,), dtype="bool")
    layer = keras.layers.TimeDistributed(keras.layers.Dense(2))
    model = keras.Model([features, mask], layer(features, mask=mask))
    sequences = [np.ones((rows, 7, 3)) for rows in (4, 9)]
    return model, [((x, np.any(x != 0, axis=-1)), np.ones((len(x), 7, 2))) for x in sequences]
