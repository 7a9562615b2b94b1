import keras
import tensorflow as tf


def provoke():
    tf.keras.layers.experimental.preprocessing.RandomFlip("horizontal")


def mend():
    layers = [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.Rescaling(1 / 255),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(1),
    ]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    return model, [(2, 8, 8, 3), (1, 6, 9, 3)]
