import keras
import numpy as np
import tensorflow as tf


def lengths():
    spec = tf.TensorSpec((None, 4)), tf.TensorSpec((1,))
    rows = [(np.ones((steps, 4)), np.ones(1)) for steps in (3, 5, 4, 7)]
    return tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=spec)


def provoke():
    keras.utils.split_dataset(lengths().map(lambda x, y: x), left_size=0.5)


def mend():
    layers = [keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    parts = lengths().take(2), lengths().skip(2)
    return model, [part.padded_batch(2) for part in parts]
