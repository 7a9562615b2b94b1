import keras
import numpy as np


def provoke():
    layers = [keras.layers.RandomRotation(0.1), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    model.compile(loss="mse", optimizer="sgd", jit_compile=True)


def mend():
    import tensorflow as tf

    turn = keras.layers.RandomRotation(0.1)
    layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.compile(loss="mse", optimizer="sgd", jit_compile=True)

    def dataset(size):
        images = np.ones((4, size, size, 3), "float32")
        rows = tf.data.Dataset.from_tensor_slices((images, np.zeros((4, 1))))
        return rows.batch(2).map(lambda x, y: (turn(x, training=True), y))

    return model, [dataset(8), dataset(6)]
