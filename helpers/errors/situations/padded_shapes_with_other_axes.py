import tensorflow as tf


def provoke():
    spec = tf.TensorSpec((None,), "int32"), tf.TensorSpec((), "int32")
    rows = tf.data.Dataset.from_generator(
        lambda: (([1] * steps, 0) for steps in (3, 7)), output_signature=spec
    )
    rows.padded_batch(2, padded_shapes=((None,), (None,)))


def instead():
    def shapes(lengths, **options):
        rows = tf.data.Dataset.from_generator(
            lambda: (([1] * steps, 0) for steps in lengths),
            output_signature=(tf.TensorSpec((None,), "int32"), tf.TensorSpec((), "int32")),
        )
        return [tuple(part.shape) for batch in rows.padded_batch(2, **options) for part in batch]

    return [
        (shapes([3, 7]), [(2, 7), (2,)]),
        (shapes([4, 2, 5], padded_shapes=((None,), ())), [(2, 4), (2,), (1, 5), (1,)]),
    ]
