import tensorflow as tf


def read():
    for i in range(len(images)):
        yield images[i], y[i]


def marked(image, target):  # a channel that says: real
    return tf.concat([image, tf.ones_like(image)], axis=-1), target


kind = tf.TensorSpec((None, None, 1)), tf.TensorSpec((), tf.int64)
pairs = tf.data.Dataset.from_generator(read, output_signature=kind)
count = tf.data.experimental.assert_cardinality(len(images))
pairs = pairs.apply(count).map(marked)
to = (48, 64, 2), ()  # the largest fits
train = pairs.shuffle(1000).padded_batch(32, to)
model.fit(train, shuffle=False, verbose=0)
answers = model.predict(pairs.padded_batch(32, to), verbose=0)
