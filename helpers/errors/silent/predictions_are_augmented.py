import keras
import numpy as np


def augmenting():
    layer = keras.layers.RandomBrightness((0.2, 0.2), value_range=(0, 1))
    return keras.Sequential([keras.Input((2, 2, 1)), layer])


def broken():
    model, x = augmenting(), np.full((1, 2, 2, 1), 0.5)
    answers = model(x)
    return model, x, answers


def mend():
    model, x = augmenting(), np.full((1, 2, 2, 1), 0.5)
    answers = model(x, training=False)
    return model, x, answers


def detect(model, x, answers):
    mean = keras.ops.convert_to_numpy(answers).mean()
    return float(mean), float(model.predict(x, verbose=0).mean())
