import numpy as np
import tensorflow as tf


def provoke():
    labels, scores = np.array([[1, 2, 3, 2]], "int32"), np.ones((1, 3, 5), "float32")
    labels = tf.sparse.from_dense(labels)
    tf.nn.ctc_loss(labels, scores, None, [3], logits_time_major=False, blank_index=0)
