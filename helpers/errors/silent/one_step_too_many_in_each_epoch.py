import keras
import numpy as np
import tensorflow as tf


def four_batches():
    for _ in range(4):
        yield np.ones((8, 1)), np.ones((8, 1))


def open_dataset():
    spec = tf.TensorSpec((None, 1))
    return tf.data.Dataset.from_generator(four_batches, output_signature=(spec, spec))


def small_model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def broken():
    model, dataset, batches, epochs = small_model(), open_dataset(), 4, 3
    model.fit(dataset, epochs=epochs, verbose=0)
    return model, batches, epochs


def mend():
    model, dataset, batches, epochs = small_model(), open_dataset(), 4, 3
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(batches))
    model.fit(dataset, epochs=epochs, verbose=0)
    return model, batches, epochs


def detect(model, batches, epochs):
    return int(model.optimizer.iterations), batches * epochs
