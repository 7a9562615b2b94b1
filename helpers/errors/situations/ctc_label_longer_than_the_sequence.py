import numpy as np
import tensorflow as tf


def provoke():
    labels, scores = np.array([[1, 2, 3, 2]], "int32"), np.ones((1, 3, 5), "float32")
    labels = tf.sparse.from_dense(labels)
    tf.nn.ctc_loss(labels, scores, None, [3], logits_time_major=False, blank_index=0)


def instead():
    def loss(label):
        steps = len(label) + np.sum(label[1:] == label[:-1])
        scores = np.zeros((1, steps, 4), "float32")
        labels = tf.sparse.from_dense(label[None])
        loss = tf.nn.ctc_loss(labels, scores, None, [steps], logits_time_major=False, blank_index=0)
        return int(steps), round(float(loss[0] / np.log(4)), 3)  # the steps have only one way

    return [
        (loss(np.array([1, 2, 3, 2], "int32")), (4, 4.0)),
        (loss(np.array([1, 1, 2, 2], "int32")), (6, 6.0)),
    ]
