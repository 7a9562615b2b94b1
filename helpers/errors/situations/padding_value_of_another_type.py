import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int64")
    )
    rows.padded_batch(2, padding_values=0)


def instead():
    def padded(lists, **options):
        rows = tf.data.Dataset.from_generator(
            lambda: lists, output_signature=tf.TensorSpec((None,), "int64")
        )
        return [batch.numpy().tolist() for batch in rows.padded_batch(2, **options)]

    minus_one = tf.constant(-1, "int64")
    return [
        (padded([[1, 2, 3], [4]]), [[[1, 2, 3], [4, 0, 0]]]),
        (padded([[1], [2, 3]], padding_values=minus_one), [[[1, -1], [2, 3]]]),
    ]
