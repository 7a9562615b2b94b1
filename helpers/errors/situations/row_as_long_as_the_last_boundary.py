import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 8)), output_signature=tf.TensorSpec((None,), "int32")
    )
    batches = rows.bucket_by_sequence_length(
        tf.size, [4, 8], [2, 2, 2], pad_to_bucket_boundary=True
    )
    list(batches)
