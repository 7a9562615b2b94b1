import numpy as np
import tensorflow as tf


def provoke():
    labels, predictions = np.array([[1, 4, 2]]), np.ones((1, 9, 5), "float32")
    steps, letters = np.array([[9]]), np.array([[3]])
    tf.keras.backend.ctc_batch_cost(labels, predictions, steps, letters)
