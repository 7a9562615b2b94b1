import keras
import numpy as np


def provoke():
    layer = keras.layers.BatchNormalization()
    layer(np.ones((4, 5, 3)), mask=np.ones((4, 5, 1), bool), training=True)


def mend():
    features, mask = keras.Input((None, 3)), keras.Input((None, 1), dtype="bool")
    outputs = keras.layers.BatchNormalization()(features, mask=mask[..., 0])
    model = keras.Model([features, mask], keras.layers.Dense(2)(outputs))
    sequences = [np.ones((4, steps, 3)) for steps in (5, 7)]
    return model, [((x, x[..., :1] != 0), np.ones((4, x.shape[1], 2))) for x in sequences]
