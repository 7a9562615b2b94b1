import keras
import numpy as np
import tensorflow as tf


def provoke():
    layers = [keras.layers.Embedding(10, 4), keras.layers.Conv1D(2, 3)]
    keras.Sequential(layers).predict(tf.ragged.constant([[1, 2, 3], [4]]), verbose=0)


def mend():
    embedding = keras.layers.Embedding(10, 4, mask_zero=True)
    layers = [keras.layers.Conv1D(2, 2), keras.layers.GlobalMaxPooling1D()]
    ragged = [tf.ragged.constant(rows) for rows in ([[1, 2, 3], [4]], [[1, 2, 3, 4, 5], [6]])]
    model = keras.Sequential([keras.Input((None,)), embedding, *layers])
    return model, [(rows.to_tensor(), np.ones((2, 2))) for rows in ragged]
