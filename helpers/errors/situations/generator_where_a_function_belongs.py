import numpy as np
import tensorflow as tf


def provoke():
    batches = (np.ones((2, steps, 3)) for steps in (5, 7))
    tf.data.Dataset.from_generator(batches, output_signature=tf.TensorSpec((None, None, 3)))
