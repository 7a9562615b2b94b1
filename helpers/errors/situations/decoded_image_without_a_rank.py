import numpy as np
import tensorflow as tf


def provoke():
    files = tf.data.Dataset.from_tensor_slices([tf.io.encode_png(np.ones((8, 9, 3), "uint8"))])
    images = files.map(tf.io.decode_image)
    images.map(lambda image: tf.image.resize(image, (4, 4)))
