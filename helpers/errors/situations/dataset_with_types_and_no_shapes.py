import keras
import numpy as np
import tensorflow as tf


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(1)])
    model.compile(loss="mse", optimizer="sgd")
    batches = tf.data.Dataset.from_generator(
        lambda: ((np.ones((2, steps, 3)), np.ones((2, 1))) for steps in (5, 7)),
        output_types=("float32", "float32"),
    )
    model.fit(batches, verbose=0)
