import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int32")
    )
    rows.bucket_by_sequence_length(lambda row: tf.size(row, "int64"), [4, 8], [2, 2, 2])
