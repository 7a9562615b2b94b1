import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int32")
    )
    list(rows.padded_batch(2, padded_shapes=(5,)))
