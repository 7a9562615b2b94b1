import tensorflow as tf


def provoke():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int64")
    )
    rows.padded_batch(2, padding_values=0)
