import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 8)), output_signature=tf.TensorSpec((None,), "int32")
    )
    batches = rows.bucket_by_sequence_length(
        tf.size, [4, 8], [2, 2, 2], pad_to_bucket_boundary=True
    )
    list(batches)


def instead():
    def shapes(rows):
        data = tf.data.Dataset.from_generator(
            lambda: rows, output_signature=tf.TensorSpec((None,), "int32")
        )
        boundaries = [4, max(map(len, rows)) + 1]
        batches = data.bucket_by_sequence_length(
            tf.size, boundaries, [2, 2, 2], pad_to_bucket_boundary=True
        )
        return [tuple(batch.shape) for batch in batches]

    return [
        (shapes([[1] * 3, [1] * 8]), [(1, 3), (1, 8)]),
        (shapes([[1] * 2, [1] * 11, [1] * 9]), [(2, 11), (1, 3)]),
    ]
