import tensorflow as tf


def provoke():
    spec = tf.TensorSpec((None,), "int32"), tf.TensorSpec((), "int32")
    rows = tf.data.Dataset.from_generator(
        lambda: (([1] * steps, 0) for steps in (3, 7)), output_signature=spec
    )
    rows.padded_batch(2, padded_shapes=((None,), (None,)))
