import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1, 2, 3], [4]]))
    rows.bucket_by_sequence_length(len, bucket_boundaries=[2, 4], bucket_batch_sizes=[8, 4])
