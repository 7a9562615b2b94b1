import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int32")
    )
    rows.bucket_by_sequence_length(lambda row: tf.size(row, "int64"), [4, 8], [2, 2, 2])


def instead():
    def shapes(rows):
        data = tf.data.Dataset.from_generator(
            lambda: rows, output_signature=tf.TensorSpec((None,), "int32")
        )
        batches = data.bucket_by_sequence_length(lambda row: tf.shape(row)[0], [4, 8], [2, 2, 2])
        return [tuple(batch.shape) for batch in batches]

    return [
        (shapes([[1] * 3, [1] * 7, [1] * 2]), [(2, 3), (1, 7)]),
        (shapes([[1] * 5, [1] * 9]), [(1, 5), (1, 9)]),
    ]
