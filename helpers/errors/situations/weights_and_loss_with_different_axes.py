import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(2, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    labels = np.ones((4, 5), int)
    model.fit(np.ones((4, 5, 3)), labels, class_weight={0: 0.5, 1: 2.0}, verbose=0)


def mend():
    layer = keras.layers.Conv1D(2, 1, activation="softmax")
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    batches = [(np.ones((4, steps, 3)), np.ones((4, steps), int)) for steps in (5, 7)]
    return model, [(x, labels, np.array([0.5, 2.0])[labels]) for x, labels in batches]
