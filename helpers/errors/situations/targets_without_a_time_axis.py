import keras
import numpy as np


def provoke():
    layer = keras.layers.LSTM(4, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((2, 7, 3)), np.ones((2, 4)), verbose=0)


def mend():
    layers = [keras.layers.Conv1D(4, 1), keras.layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((None, 3)), *layers, keras.layers.Softmax()])
    model.compile(loss="categorical_crossentropy", optimizer="sgd")
    return model, [(np.ones((2, steps, 3)), np.ones((2, 4))) for steps in (7, 5)]
