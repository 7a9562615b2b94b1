import tensorflow as tf


def read():
    for i in range(len(images)):
        yield images[i], y[i]


def fit(image, target):
    return tf.image.resize_with_pad(image, 48, 64), target


kind = tf.TensorSpec((None, None, 1)), tf.TensorSpec((), tf.int64)
pairs = tf.data.Dataset.from_generator(read, output_signature=kind)
count = tf.data.experimental.assert_cardinality(len(images))
fitted = pairs.apply(count).map(fit)
model.fit(fitted.shuffle(1000).batch(32), shuffle=False, verbose=0)
answers = model.predict(fitted.batch(32), verbose=0)
