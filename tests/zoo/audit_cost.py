"""Programs that cost more than they must, or less is learned from: shapes, jit, devices."""

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled, dense
from keras import layers, ops

from helpers.batching import bucketed, grouped, ladder, token_budget
from helpers.feeding import PlannedDataset


class Sizes(keras.utils.PyDataset):
    """Random batches of the shapes that are given."""

    def __init__(self, shapes, targets=1):
        super().__init__()
        self.shapes, self.targets = shapes, targets

    def __len__(self):
        return len(self.shapes)

    def __getitem__(self, i):
        x = np.random.default_rng(i).uniform(0.1, 1, self.shapes[i]).astype("float32")
        return (x, np.ones((len(x), self.targets), "float32")) if self.targets else (x,)


def pooled(**kwargs):
    stack = [keras.Input((None, 3)), layers.GlobalAveragePooling1D(), layers.Dense(1)]
    return compiled(keras.Sequential(stack), **kwargs)


def seen(features, *, norm):
    """Return a small functional model with one normalisation."""
    inputs = keras.Input((features,))
    return compiled(keras.Model(inputs, layers.Dense(1)(norm(layers.Dense(4)(inputs)))))


def points(n, features=3, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, features)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


# RE502: many shapes


@breaks("RE502", tensorflow=True)
def batches_padded_to_their_longest_row(broken):
    import tensorflow as tf

    lengths = [5, 9, 14, 6, 11, 17, 8, 12, 20, 7] if broken else [10, 20, 10, 20] * 2

    def batches():
        for i, length in enumerate(lengths):
            x = np.random.default_rng(i).normal(size=(4, length, 3)).astype("float32")
            yield x, np.ones((4, 1), "float32")

    spec = tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, 1))
    dataset = tf.data.Dataset.from_generator(batches, output_signature=spec)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(lengths)))
    return {"model": pooled(jit_compile=True), "data": dataset}


@breaks("RE502")
def images_of_many_sizes(broken):
    sizes = [(8 + i, 20 - i) for i in range(9)] if broken else [(8, 16), (16, 8), (16, 16)] * 3
    inputs = keras.Input((None, None, 1))
    h = layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3)(inputs))
    model = compiled(keras.Model(inputs, layers.Dense(1)(h)), jit_compile=True)
    return {"model": model, "data": Sizes([(4, *size, 1) for size in sizes])}


@breaks("RE502")
def rows_grouped_by_length(broken):
    lengths = np.random.default_rng(0).integers(4, 60, 96)
    rows = [np.random.default_rng(i).normal(size=(n, 3)) for i, n in enumerate(lengths)]
    plan = grouped(lengths, 8) if broken else bucketed(lengths, 8, ladder(lengths, 3), tail="even")
    data = PlannedDataset(plan, rows, np.ones((96, 1), "float32"))
    stack = [keras.Input((None, 3)), layers.Masking(), layers.SimpleRNN(1)]
    model = compiled(keras.Sequential(stack), jit_compile=True)
    return {"model": model, "data": data, "select": "RE5"}


@breaks("RE502")
def answers_for_one_row_at_a_time(broken):
    class Pool(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(ops.mean(x, axis=1))

    data = Sizes([(4, 6, 3), (4, 12, 3), (4, 6, 3)])
    asked = Sizes([(1, 3 + 2 * i if broken else 12, 3) for i in range(12)], targets=0)
    return {"model": compiled(Pool(), jit_compile=True), "data": data, "predict": asked}


# RE503: jit is off


@breaks("RE503")
def augmentation_in_a_model_of_its_own(broken):
    inputs = keras.Input((8, 8, 1))
    turned = [layers.RandomZoom(0.2), layers.RandomTranslation(0.1, 0.1)] if broken else []
    nested = keras.Sequential([keras.Input((8, 8, 1)), *turned, layers.Conv2D(2, 3)])
    h = layers.GlobalMaxPooling2D()(nested(inputs))
    model = compiled(keras.Model(inputs, layers.Dense(1)(h)), jit_compile=True)
    return {"model": model, "data": Sizes([(4, 8, 8, 1)] * 3)}


@breaks("RE503")
def own_layer_that_cannot_be_compiled(broken):
    class Scale(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_jit = not broken

        def call(self, x):
            return 2 * x

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale, self.dense = Scale(), layers.Dense(1)

        def call(self, x):
            return self.dense(self.scale(x))

    return {"model": compiled(Model(), jit_compile=True), "data": points(16)}


@breaks("RE503", tensorflow=True)
def left_over_from_debugging(broken):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, layers.Dense(1)(inputs))
    model.compile("sgd", lambda y, p: ops.mean((y - p) ** 2, axis=-1), run_eagerly=broken)
    return {"model": model, "data": Rows(*points(16))}


@breaks("RE503", tensorflow=True)
def words_looked_up_inside_the_model(broken):
    ids = keras.Input((5,), dtype="int64")
    looked_up = layers.IntegerLookup(vocabulary=[3, 5, 7])(ids) if broken else ids
    h = layers.Flatten()(layers.Embedding(9, 2)(looked_up))
    model = compiled(keras.Model(ids, layers.Dense(1)(h)), jit_compile=True)
    x = np.random.default_rng(0).integers(1, 9, (8, 5))
    return {"model": model, "data": (x, np.ones((8, 1), "float32"))}


# RE504: batch normalisation of one row


@breaks("RE504")
def one_row_at_a_time(broken):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner, self.norm = layers.Dense(4), layers.BatchNormalization()
            self.outer = layers.Dense(1)

        def call(self, x, training=False):
            return self.outer(self.norm(self.inner(x), training=training))

    size = 1 if broken else 4
    return {"model": compiled(Net()), "data": points(12), "fit": {"batch_size": size}}


@breaks("RE504")
def tail_of_one(broken):
    norm = layers.BatchNormalization(momentum=0.9)
    data = Rows(*points(17 if broken else 18))
    return {"model": seen(3, norm=norm), "data": data}


@breaks("RE504", tensorflow=True)
def last_of_a_dataset(broken):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices(points(25)).batch(8, drop_remainder=not broken)
    return {"model": seen(3, norm=layers.BatchNormalization()), "data": data, "rows": 25}


@breaks("RE504")
def own_statistics_of_a_batch(broken):
    class Standard(layers.Layer):
        def call(self, x):
            mean, variance = ops.moments(x, axes=[0 if broken else 1], keepdims=True)
            return (x - mean) / ops.sqrt(variance + 1e-3)

    fit = {"batch_size": 8}
    return {"model": seen(3, norm=Standard()), "data": points(17), "fit": fit, "ignore": ["RE2"]}


@breaks("RE504")
def long_row_that_fills_a_budget(broken):
    lengths = np.array([4, 5, 6, 4, 5, 6, 4, 5, 6, 4, 5, 6, 30, 30])
    rows = [np.random.default_rng(i).uniform(1, 2, (n, 3)) for i, n in enumerate(lengths)]
    plan = token_budget(lengths, 30 if broken else 60)
    stack = [layers.Masking(), layers.GlobalAveragePooling1D(), layers.BatchNormalization()]
    model = compiled(keras.Sequential([keras.Input((None, 3)), *stack, layers.Dense(1)]))
    y = np.arange(14, dtype="float32")[:, None]
    return {"model": model, "data": (plan, rows, y), "select": "RE5"}


# RE505: devices and a tail


def on_two_devices(make=dense):
    if keras.backend.backend() == "jax":
        keras.distribution.set_distribution(keras.distribution.DataParallel())
        return make()
    import tensorflow as tf

    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        return make()


@breaks("RE505", alone=True)
def tail_that_two_devices_cannot_share(broken):
    return {"model": on_two_devices(), "data": Rows(*points(17 if broken else 18, 4))}


@breaks("RE505", alone=True)
def last_row_goes_to_one_device(broken):
    model = on_two_devices(lambda: seen(3, norm=layers.LayerNormalization()))
    return {"model": model, "data": points(33 if broken else 34)}


@breaks("RE505", alone=True)
def validation_of_an_odd_number(broken):
    def make():
        inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((3,), name="b")}
        h = layers.Concatenate()([inputs["a"], inputs["b"]])
        return compiled(keras.Model(inputs, layers.Dense(1)(h)))

    def data(n):
        x, y = points(n)
        return {"a": x, "b": x[::-1]}, y

    validation = data(9 if broken else 8)
    return {"model": on_two_devices(make), "data": data(16), "validation": validation}


@breaks("RE505", tensorflow=True, alone=True)
def tail_of_a_dataset_on_a_strategy(broken):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices(points(21, 4)).batch(8, drop_remainder=not broken)
    return {"model": on_two_devices(), "data": data, "ignore": "RE1"}
