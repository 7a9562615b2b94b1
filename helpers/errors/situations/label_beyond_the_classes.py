import keras
import numpy as np


def provoke():
    layers = [keras.layers.GRU(4, activation="softmax")]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((3, 7, 3)), np.array([0, 4, 9]), verbose=0)


def mend():
    classes, labels = np.unique([0, 4, 9], return_inverse=True)
    layers = [keras.layers.GRU(4), keras.layers.Dense(len(classes), activation="softmax")]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    return model, [(np.ones((3, steps, 3)), labels) for steps in (7, 5)]
