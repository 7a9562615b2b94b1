import keras
import numpy as np
import tensorflow as tf


def provoke():
    batches = tf.data.Dataset.from_generator(
        lambda: (np.ones((2, steps, 3)) for steps in (5, 7)),
        output_signature=tf.TensorSpec((None, None, 3)),
    )
    layers = [keras.Input((None, 3)), keras.layers.LSTM(2, return_sequences=True)]
    keras.Sequential(layers).predict(batches, verbose=0).mean()


def instead():
    layers = [keras.Input((None, 3)), keras.layers.LSTM(2, return_sequences=True)]
    model = keras.Sequential(layers)
    batches = tf.data.Dataset.from_generator(
        lambda: (np.ones((2, steps, 3)) for steps in (5, 7)),
        output_signature=tf.TensorSpec((None, None, 3)),
    )
    predictions = model.predict(batches, verbose=0)
    return [
        (predictions[0].numpy().shape, (5, 2)),
        (predictions[3].numpy().shape, (7, 2)),
        (predictions.to_tensor().shape, (4, 7, 2)),
    ]
