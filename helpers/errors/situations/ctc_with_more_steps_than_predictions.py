import numpy as np
import tensorflow as tf


def provoke():
    labels, predictions = np.array([[1, 2, 2]]), np.ones((1, 9, 5), "float32")
    width, letters = np.array([[36]]), np.array([[3]])
    tf.keras.backend.ctc_batch_cost(labels, predictions, width, letters)
