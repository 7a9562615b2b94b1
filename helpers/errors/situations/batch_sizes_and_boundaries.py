import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1, 2, 3], [4]]))
    rows.bucket_by_sequence_length(len, bucket_boundaries=[2, 4], bucket_batch_sizes=[8, 4])


def instead():
    def shapes(rows):
        data = tf.data.Dataset.from_generator(
            lambda: rows, output_signature=tf.TensorSpec((None,), "int32")
        )
        batches = data.bucket_by_sequence_length(
            tf.size, bucket_boundaries=[2, 4], bucket_batch_sizes=[8, 8, 8]
        )
        return [tuple(batch.shape) for batch in batches]

    return [
        (shapes([[1, 2, 3], [4], [5, 6]]), [(1, 1), (2, 3)]),
        (shapes([[1] * 9, [2] * 5, [3, 4]]), [(1, 2), (2, 9)]),
    ]
