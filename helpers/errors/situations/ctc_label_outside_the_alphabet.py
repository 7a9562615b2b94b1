import keras
import numpy as np
import tensorflow as tf


def provoke():
    labels, predictions = np.array([[1, 4, 2]]), np.ones((1, 9, 5), "float32")
    steps, letters = np.array([[9]]), np.array([[3]])
    tf.keras.backend.ctc_batch_cost(labels, predictions, steps, letters)


def mend():
    letters, labels = 4, [np.array([[1, 4, 2]]), np.array([[3, 1, 1, 2], [4, 2, 0, 0]])]
    assert all(y.max() < letters + 1 for y in labels)
    layers = [keras.layers.LSTM(8, return_sequences=True), keras.layers.Dense(letters + 1)]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    model.compile("sgd", keras.losses.CTC())
    return model, [(np.ones((len(y), 3 * y.shape[1], 4)), y) for y in labels]
