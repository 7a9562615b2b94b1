import numpy as np
import tensorflow as tf


def provoke():
    def rows():
        yield from (np.ones((steps, 3)) for steps in (5, 7))

    spec = tf.TensorSpec((None, 3))
    list(tf.data.Dataset.from_generator(rows, output_signature=spec).batch(2))
