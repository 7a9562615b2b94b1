"""A zoo of small models: which of them padding changes, on which side, and from which layer on.

Each entry is a function that returns a model, its rows and options for `padding_leak`. A right
model's answers do not depend on padding; a leaky one's do, on the sides that its mark names.
"""

import keras
from keras import layers
from leak_models_leaky import LEAKY
from leak_models_right import RIGHT
from leak_parts import BOTH, Entry, floats, numbers, predict_forgets_steps


def dense_in_time_distributed():
    x, h = numbers()
    return keras.Model(x, layers.TimeDistributed(layers.Dense(3))(h)), floats()


ZOO = [
    *RIGHT,
    *LEAKY,
    Entry(dense_in_time_distributed, sides=BOTH if predict_forgets_steps() else ()),
]
