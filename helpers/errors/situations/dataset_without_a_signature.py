import numpy as np
import tensorflow as tf


def provoke():
    tf.data.Dataset.from_generator(lambda: (np.ones((2, steps, 3)) for steps in (5, 7)))
