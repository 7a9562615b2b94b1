import keras
import numpy as np
import tensorflow as tf


def provoke():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2, unroll=True)])
    batches = tf.data.Dataset.from_generator(
        lambda: (np.ones((2, steps, 3)) for steps in (5, 7)),
        output_signature=tf.TensorSpec((None, None, 3)),
    )
    model.predict(batches, verbose=0)


def mend():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    return model, [(2, 5, 3), (3, 7, 3)]
