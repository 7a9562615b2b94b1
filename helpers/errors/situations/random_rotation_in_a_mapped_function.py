import keras
import numpy as np
import tensorflow as tf


def provoke():
    def turned(image):
        return tf.keras.preprocessing.image.random_rotation(image, 20)

    tf.data.Dataset.from_tensors(np.ones((8, 9, 3))).map(turned)


def mend():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    turn = keras.layers.RandomRotation(0.1, seed=1)
    shapes = [(4, 8, 9, 3), (4, 5, 7, 3)]
    images = [tf.data.Dataset.from_tensor_slices(np.ones(shape, "float32")) for shape in shapes]
    # Without cache() every epoch turns the images anew.
    pairs = [data.map(turn).map(lambda x: (x, tf.ones(4))).batch(2).cache() for data in images]
    return model, pairs
