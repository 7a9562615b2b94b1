import keras
import numpy as np
import tensorflow as tf


def provoke():
    def images():
        yield from (np.ones((8, 9, channels)) for channels in (3, 1))

    spec = tf.TensorSpec((None, None, None))
    list(tf.data.Dataset.from_generator(images, output_signature=spec).batch(2))


def mend():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    return model, [batches(8, 9), batches(5, 7)]


def batches(height, width):
    files = [tf.io.encode_png(np.ones((height, width, c), np.uint8)) for c in (3, 1, 4)]
    dataset = tf.data.Dataset.from_tensor_slices((files, np.ones((3, 4))))
    return dataset.map(decoded).batch(2)


def decoded(file, label):
    return tf.ensure_shape(tf.io.decode_png(file, channels=3), (None, None, 3)), label
