import keras
import numpy as np


def provoke():
    question, text = keras.Input((5, 3)), keras.Input((7, 3))
    keras.layers.Concatenate()([question, text])


def mend():
    inputs = [keras.Input((None, 3)), keras.Input((None, 3))]
    vectors = [keras.layers.GlobalMaxPooling1D()(x) for x in inputs]
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(vectors)))
    pairs = [(np.ones((2, 5, 3)), np.ones((2, 7, 3))), (np.ones((2, 4, 3)), np.ones((2, 2, 3)))]
    return model, [(pair, np.ones((2, 1))) for pair in pairs]
