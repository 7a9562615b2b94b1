"""A zoo of programs for the audit: for each rule broken ones in several styles, and mended twins.

More stand in ``audit_*.py`` beside this file, which take `breaks` and the parts from here.
Each function of a program returns what `audit` takes, a dict. A twin differs in the fault alone.
Programs marked ``tensorflow`` need it; the others run on every backend. Those marked ``alone`` run
in a process of their own, which has two devices.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers


@dataclass(frozen=True)
class Program:
    """A broken program, its mended twin, and the rule that tells them apart."""

    code: str
    make: Callable[[bool], dict]  # True makes the broken one
    tensorflow: bool = False
    alone: bool = False

    @property
    def name(self):
        return self.make.__name__


PROGRAMS: list[Program] = []


def breaks(code, *, tensorflow=False, alone=False):
    def note(make):
        PROGRAMS.append(Program(code, make, tensorflow, alone))
        return make

    return note


def compiled(model, loss="mse", **kwargs):
    model.compile("sgd", loss, **kwargs)
    return model


def dense(features=4):
    return compiled(keras.Sequential([keras.Input((features,)), layers.Dense(1)]))


def ids(lengths=(7, 2, 5, 3), steps=7, side="post", value=0, seed=0):
    x = np.random.default_rng(seed).integers(1, 9, (len(lengths), steps))
    for row, length in enumerate(lengths):
        x[row, slice(length, None) if side == "post" else slice(steps - length)] = value
    return x


def vectors(lengths=(7, 2, 5, 3), steps=7, side="post", value=0.0, seed=0):
    x = np.random.default_rng(seed).normal(size=(len(lengths), steps, 3)).astype("float32")
    for row, length in enumerate(lengths):
        x[row, slice(length, None) if side == "post" else slice(steps - length)] = value
    return x


class Rows(keras.utils.PyDataset):
    """Batches of arrays by index."""

    def __init__(self, *arrays, size=8, count=math.ceil, start=0):
        super().__init__()
        self.arrays, self.size, self.count, self.start = arrays, size, count, start

    def __len__(self):
        return self.count(len(self.arrays[0]) / self.size)

    def __getitem__(self, i):
        first = self.start + i * self.size
        return tuple(array[first : first + self.size] for array in self.arrays)


# RE101: the number of batches is unknown


@breaks("RE101", tensorflow=True)
def filtered_dataset(broken):
    import tensorflow as tf

    x = np.arange(48, dtype="float32").reshape(-1, 4)
    dataset = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).filter(lambda x, y: y[0] >= 0)
    dataset = dataset.batch(4)
    if not broken:
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(3))
    return {"model": dense(), "data": dataset, "fit": {"epochs": 2}}


@breaks("RE101", tensorflow=True)
def bucketed_dataset(broken):
    import tensorflow as tf

    rows = tf.data.Dataset.range(12).map(lambda i: (tf.ones((1 + i % 3, 3)), tf.ones((1,))))
    dataset = rows.bucket_by_sequence_length(lambda x, y: tf.shape(x)[0], [2, 3], [4, 4, 4])
    if not broken:
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(3))
    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.GRU(1)]))
    return {"model": model, "data": dataset, "fit": {"epochs": 2}, "select": "RE1"}


@breaks("RE101", tensorflow=True)
def generator_without_steps(broken):
    def batches():
        for _ in range(5):
            yield np.ones((4, 4), "float32"), np.ones((4, 1), "float32")

    return {"model": dense(), "data": batches, "fit": {} if broken else {"steps_per_epoch": 5}}


# RE102: a generator ends


@breaks("RE102")
def generator_of_one_epoch(broken):
    x = np.ones((20, 4), "float32")

    def batches():
        while True:
            for i in range(0, 20, 5):
                yield x[i : i + 5], x[i : i + 5, :1]
            if broken:
                return

    return {"model": dense(), "data": batches, "fit": {"epochs": 4, "steps_per_epoch": 4}}


@breaks("RE102")
def generator_object(broken):
    def batches():
        for _ in range(6):
            yield np.ones((2, 4), "float32"), np.ones((2, 1), "float32")

    arrays = np.ones((12, 4), "float32"), np.ones((12, 1), "float32")
    data = batches() if broken else Rows(*arrays, size=2)
    return {"model": dense(), "data": data, "fit": {"epochs": 2}}


@breaks("RE102")
def generator_with_too_many_steps(broken):
    def batches():
        for _ in range(6):
            yield np.ones((2, 4), "float32"), np.ones((2, 1), "float32")

    return {"model": dense(), "data": batches, "fit": {"steps_per_epoch": 9 if broken else 6}}


# RE103: rows are lost


@breaks("RE103")
def floor_in_len(broken):
    x, y = np.ones((29, 4), "float32"), np.ones((29, 1), "float32")
    count = math.floor if broken else math.ceil
    return {"model": dense(), "data": Rows(x, y, count=count), "rows": 29}


@breaks("RE103", tensorflow=True)
def remainder_dropped_in_predict(broken):
    import tensorflow as tf

    x, y = np.ones((29, 4), "float32"), np.ones((29, 1), "float32")
    test = tf.data.Dataset.from_tensor_slices(x).batch(8, drop_remainder=broken)
    return {"model": dense(), "data": (x, y), "predict": test, "rows": x}


@breaks("RE103")
def batches_that_overlap(broken):
    x, y = np.ones((32, 4), "float32"), np.ones((32, 1), "float32")

    class Windows(Rows):
        def __getitem__(self, i):
            start = i * (self.size - 1 if broken else self.size)
            return x[start : start + self.size + broken], y[start : start + self.size + broken]

    return {"model": dense(), "data": Windows(x, y), "rows": 32}


@breaks("RE103")
def evaluation_from_the_second_row(broken):
    x, y = np.ones((30, 4), "float32"), np.ones((30, 1), "float32")
    test = Rows(x, y, start=1 if broken else 0)
    return {"model": dense(), "data": (x, y), "evaluate": test, "rows": 30}


# RE104: the batch axis is fixed


@breaks("RE104")
def batch_shape_of_an_input(broken):
    inputs = keras.Input(batch_shape=(8 if broken else None, 4))
    model = compiled(keras.Model(inputs, layers.Dense(1)(inputs)))
    return {"model": model, "data": Rows(np.ones((20, 4)), np.ones((20, 1)))}


@breaks("RE104")
def stateful_rnn_with_a_tail(broken):
    inputs = keras.Input(batch_shape=(8, 5, 3))
    model = compiled(keras.Model(inputs, layers.LSTM(1, stateful=True)(inputs)))
    n = 20 if broken else 24
    data = Rows(np.ones((n, 5, 3), "float32"), np.ones((n, 1), "float32"))
    return {"model": model, "data": data, "select": "RE104"}


@breaks("RE104")
def validation_with_a_tail(broken):
    inputs = keras.Input((4,), batch_size=4)
    model = compiled(keras.Model(inputs, layers.Dense(1)(inputs)))
    x, y = np.ones((8, 4)), np.ones((8, 1))
    validation = (x[:6], y[:6]) if broken else (x[:4], y[:4])
    return {"model": model, "data": (x, y), "validation": validation, "fit": {"batch_size": 4}}


# RE201: the mask is lost on its way


@breaks("RE201")
def expression_drops_the_mask(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    h = h + 1.0 if broken else layers.Dense(4)(h)
    model = compiled(keras.Model(inputs, layers.LSTM(3)(h)))
    return {"model": model, "data": (ids(), np.ones((4, 3), "float32"))}


@breaks("RE201")
def convolution_drops_the_mask(broken):
    middle = layers.Conv1D(4, 3, padding="same") if broken else layers.Dense(4)
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(), middle, layers.GRU(2)])
    return {"model": compiled(model), "data": (vectors(), np.ones((4, 2), "float32"))}


@breaks("RE201")
def own_layer_drops_the_mask(broken):
    class Scale(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = not broken

        def call(self, x):
            return 2 * x + 1

    class Tagger(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = layers.Embedding(9, 4, mask_zero=True)
            self.scale, self.rnn = Scale(), layers.SimpleRNN(3)

        def call(self, x):
            return self.rnn(self.scale(self.embed(x)))

    return {"model": compiled(Tagger()), "data": (ids(), np.ones((4, 3), "float32"))}


# RE202: padding leaks where there is no mask


@breaks("RE202")
def lstm_without_a_mask(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=not broken)(inputs)
    model = compiled(keras.Model(inputs, layers.LSTM(3)(h)))
    return {"model": model, "data": (ids(), np.ones((4, 3), "float32"))}


@breaks("RE202")
def mean_over_padding(broken):
    h = [] if broken else [layers.Masking()]
    model = keras.Sequential([keras.Input((None, 3)), *h, layers.GlobalAveragePooling1D()])
    return {"model": compiled(model), "data": Rows(vectors(), np.ones((4, 3), "float32"), size=2)}


@breaks("RE202")
def padded_before_without_a_mask(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=not broken)(inputs)
    model = compiled(keras.Model(inputs, layers.SimpleRNN(3)(h)))
    return {"model": model, "data": (ids(side="pre"), np.ones((4, 3), "float32"))}


@breaks("RE202")
def attention_without_a_mask(broken):
    x, mask = keras.Input((None, 3), name="x"), keras.Input((None,), dtype="bool", name="mask")
    seen = keras.ops.logical_or(mask, broken)
    h = layers.MultiHeadAttention(1, 2)(x, x, attention_mask=seen[:, None, :])[:, 0]
    model = compiled(keras.Model({"x": x, "mask": mask}, h))
    real = np.arange(7) < np.array([[7], [2], [5], [3]])
    return {"model": model, "data": ({"x": vectors(), "mask": real}, np.ones((4, 3), "float32"))}


# RE401: the loss stretches the targets


@breaks("RE401")
def target_of_a_row_at_every_step(broken):
    rnn = layers.LSTM(1, return_sequences=broken)
    model = compiled(keras.Sequential([keras.Input((None, 3)), rnn]), "mae")
    return {"model": model, "data": (np.ones((6, 5, 3), "float32"), np.ones((6, 1), "float32"))}


@breaks("RE401")
def one_row_of_targets(broken):
    class OneTarget(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return (x, y[:1]) if broken else (x, y)

    data = OneTarget(np.ones((16, 4), "float32"), np.ones((16, 1), "float32"))
    return {"model": dense(), "data": data}


@breaks("RE401")
def column_beside_several_answers(broken):
    inputs = keras.Input((4,))
    heads = [layers.Dense(1)(inputs), layers.Dense(3)(inputs)]
    model = compiled(keras.Model(inputs, heads), ["mse", keras.losses.Huber()])
    y = np.ones((6, 1 if broken else 3), "float32")
    return {"model": model, "data": (np.ones((6, 4), "float32"), (y[:, :1], y))}


@breaks("RE401")
def losses_by_name(broken):
    inputs = keras.Input((4,))
    heads = [layers.Dense(1, name="a")(inputs), layers.Dense(3, name="b")(inputs)]
    model = compiled(keras.Model(inputs, heads), {"a": "mse", "b": "mae"})
    y = {"a": np.ones((6, 1), "float32"), "b": np.ones((6, 1 if broken else 3), "float32")}
    return {"model": model, "data": (np.ones((6, 4), "float32"), y)}


# RE501: most of a batch is padding


@breaks("RE501")
def one_long_row(broken):
    lengths, steps = ([3] * 30 + [40, 2], 40) if broken else ([3] * 31 + [2], 3)
    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.Masking(), layers.LSTM(2)]))
    data = (vectors(lengths, steps), np.ones((32, 2), "float32"))
    return {"model": model, "data": data, "select": "RE5"}


@breaks("RE501")
def padded_to_a_round_number(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    model = compiled(keras.Model(inputs, layers.GRU(2)(h)))
    data = Rows(ids((7, 2, 5, 3) * 4, 64 if broken else 7), np.ones((16, 2), "float32"))
    return {"model": model, "data": data, "select": "RE5"}


@breaks("RE501")
def short_rows_before_the_padding(broken):
    lengths = (20, 1, 2, 1, 3, 2) if broken else (20, 18, 12, 16, 15, 20)
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    model = compiled(keras.Model(inputs, layers.LSTM(2)(h)))
    data = (ids(lengths, 20, "pre"), np.ones((6, 2), "float32"))
    return {"model": model, "data": data, "select": "RE5"}
