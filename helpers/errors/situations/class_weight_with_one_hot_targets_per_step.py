import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(2, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="categorical_crossentropy", optimizer="sgd")
    y = np.ones((4, 5, 2))
    model.fit(np.ones((4, 5, 3)), y, class_weight={0: 0.5, 1: 2.0}, verbose=0)


def mend():
    layer = keras.layers.Conv1D(2, 1, activation="softmax")
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="categorical_crossentropy", optimizer="sgd")
    targets = [keras.utils.to_categorical(np.ones((4, steps), int), 2) for steps in (5, 7)]
    weights = np.array([0.5, 2.0])
    return model, [(np.ones((*y.shape[:2], 3)), y, weights[y.argmax(-1)]) for y in targets]
