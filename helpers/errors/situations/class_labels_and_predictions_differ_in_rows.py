import keras
import numpy as np

from helpers.errors.situations.shared import Rows


def provoke():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    model.fit(Rows(np.ones((41, 4)), np.ones(40)), verbose=0)
