import keras
import numpy as np
import tensorflow as tf


def provoke():
    labels, predictions = np.array([[1, 2, 2]]), np.ones((1, 9, 5), "float32")
    width, letters = np.array([[36]]), np.array([[3]])
    tf.keras.backend.ctc_batch_cost(labels, predictions, width, letters)


def instead():
    options = {"strides": 2, "padding": "same", "activation": "softmax"}
    layers = [keras.layers.Conv1D(5, 3, **options), keras.layers.Conv1D(5, 3, **options)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])

    def steps_and_losses(width):
        steps = width
        for _ in layers:
            steps = -(-steps // 2)
        labels, letters = np.array([[1, 2, 2]]), np.array([[3]])
        predictions = model(np.ones((1, width, 3)))
        losses = tf.keras.backend.ctc_batch_cost(labels, predictions, np.array([[steps]]), letters)
        return steps, tuple(losses.shape)

    return [(steps_and_losses(36), (9, (1, 1))), (steps_and_losses(21), (6, (1, 1)))]
