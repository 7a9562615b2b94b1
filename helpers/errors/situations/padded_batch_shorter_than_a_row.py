import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int32")
    )
    list(rows.padded_batch(2, padded_shapes=(5,)))


def instead():
    def shapes(lengths):
        rows = tf.data.Dataset.from_generator(
            lambda: ([1] * steps for steps in lengths),
            output_signature=tf.TensorSpec((None,), "int32"),
        )
        to_the_longest = rows.padded_batch(2, padded_shapes=(None,))
        cut = rows.map(lambda row: row[:5]).padded_batch(2, padded_shapes=(5,))
        return [tuple(batch.shape) for data in (to_the_longest, cut) for batch in data]

    return [(shapes([3, 7]), [(2, 7), (2, 5)]), (shapes([9]), [(1, 9), (1, 5)])]
