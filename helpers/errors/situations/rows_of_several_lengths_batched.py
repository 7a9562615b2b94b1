import keras
import numpy as np
import tensorflow as tf


def provoke():
    def rows():
        yield from (np.ones((steps, 3)) for steps in (5, 7))

    spec = tf.TensorSpec((None, 3))
    list(tf.data.Dataset.from_generator(rows, output_signature=spec).batch(2))


def mend():
    layers = [keras.layers.Masking(), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]

    def batches(*lengths):
        spec = tf.TensorSpec((None, 3)), tf.TensorSpec((1,))

        def rows():
            return ((np.ones((steps, 3)), [1.0]) for steps in lengths)

        return tf.data.Dataset.from_generator(rows, output_signature=spec).padded_batch(2)

    model = keras.Sequential([keras.Input((None, 3)), *layers])
    return model, [batches(5, 7, 4), batches(2, 3)]
