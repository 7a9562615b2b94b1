import keras
import numpy as np

from helpers.errors.situations.shared import small_model


def provoke():
    batches = ((np.ones((2, 4)), np.array([0, 1])) for _ in range(3))
    small_model().fit(batches, class_weight={0: 0.5, 1: 2.0}, verbose=0)


def mend():
    weights = np.array([0.5, 2.0])

    def batches(*sizes):
        for rows, steps in sizes:
            y = np.arange(rows) % 2
            yield np.ones((rows, steps, 3)), y, weights[y]

    layers = [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    return model, [lambda: batches((2, 4), (3, 5)), lambda: batches((4, 2), (1, 3))]
