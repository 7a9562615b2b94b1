"""Programs that a rule about the model tells apart: masks, rows, padding in layers, lengths."""

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled, ids, vectors
from keras import layers, ops

# RE203: a mask that does not fit


class AttentionPooling(layers.Layer):
    def __init__(self, ends):
        super().__init__()
        self.supports_masking, self.ends = True, ends
        self.score = layers.Dense(1)

    def build(self, shape):
        self.score.build(shape)

    def call(self, x, mask=None):
        scores = self.score(x)[..., 0]
        scores = scores if mask is None else ops.where(mask, scores, -1e9)
        return ops.sum(ops.softmax(scores)[..., None] * x, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None if self.ends else mask


@breaks("RE203")
def mask_on_a_vector(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    outputs = layers.Dense(2)(AttentionPooling(ends=not broken)(h))
    return {"model": compiled(keras.Model(inputs, outputs)), "data": (ids(), np.ones((4, 2)))}


@breaks("RE203")
def mask_as_wide_as_the_features(broken):
    # 7 steps and 7 features: only another length tells the axes apart
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 7, mask_zero=True)(inputs)
    outputs = AttentionPooling(ends=not broken)(h)
    return {"model": compiled(keras.Model(inputs, outputs)), "data": (ids(), np.ones((4, 7)))}


class Pooled(layers.MaxPooling1D):
    def __init__(self, stride_mask, **kwargs):
        super().__init__(2, **kwargs)
        self.supports_masking, self.stride_mask = True, stride_mask

    def call(self, x, mask=None):
        return super().call(x if mask is None else ops.where(mask[..., None], x, -1e9))

    def compute_mask(self, inputs, mask=None):
        if mask is None:
            return None
        steps = ops.shape(mask)[1] // 2
        return mask[:, 1::2] if self.stride_mask else mask[:, :steps]


@breaks("RE203")
def pooling_cuts_the_mask(broken):
    class Tagger(keras.Model):
        def __init__(self):
            super().__init__()
            self.mask, self.pool = layers.Masking(), Pooled(stride_mask=not broken)
            self.rnn = layers.GRU(2)

        def call(self, x):
            return self.rnn(self.pool(self.mask(x)))

    x = vectors((6, 2, 5, 4), steps=6)
    return {"model": compiled(Tagger()), "data": (x, np.ones((4, 2), "float32"))}


class Reversed(layers.Layer):
    def __init__(self, of_mask):
        super().__init__()
        self.supports_masking, self.of_mask = True, of_mask

    def call(self, x):
        return ops.flip(x, axis=1)

    def compute_mask(self, inputs, mask=None):
        return ops.flip(mask, axis=1) if mask is not None and self.of_mask else mask


@breaks("RE203")
def reversed_without_its_mask(broken):
    steps = [keras.Input((None, 3)), layers.Masking(), Reversed(not broken), layers.SimpleRNN(2)]
    x = Rows(vectors(), np.ones((4, 2), "float32"), size=4)
    return {"model": compiled(keras.Sequential(steps)), "data": x}


@breaks("RE203")
def recurrence_from_the_end(broken):
    # go_backwards returns the steps turned around, and the mask as it came
    inputs = keras.Input((None,), dtype="int32", name="ids")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    h = layers.LSTM(3, return_sequences=True, go_backwards=broken)(h)
    model = compiled(keras.Model({"ids": inputs}, layers.GlobalAveragePooling1D()(h)))
    return {"model": model, "data": ({"ids": ids()}, np.ones((4, 3), "float32"))}


@breaks("RE203")
def cut_before_attention(broken):
    class Tail(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, x):
            return x[:, 1:]

        def compute_mask(self, inputs, mask=None):
            return mask if mask is None or broken else mask[:, 1:]

    inputs = keras.Input((None,), dtype="int32")
    h = Tail()(layers.Embedding(9, 4, mask_zero=True)(inputs))
    h = layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(1, 2)(h, h))
    return {"model": compiled(keras.Model(inputs, h)), "data": (ids(), np.ones((4, 4), "float32"))}


# RE204: rows influence each other


@breaks("RE204")
def centred_over_rows(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.LSTM(3)(layers.Embedding(9, 4, mask_zero=True)(inputs))
    h = h - ops.mean(h, axis=0 if broken else 1, keepdims=True)
    return {"model": compiled(keras.Model(inputs, h)), "data": (ids(), np.ones((4, 3), "float32"))}


@breaks("RE204")
def statistics_of_the_batch(broken):
    class Scorer(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense, self.out = layers.Dense(4), layers.Dense(1)
            self.norm = layers.BatchNormalization()

        def call(self, x, training=None):
            h = self.norm(self.dense(x), training=True if broken else training)
            return self.out(h)

    x = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
    return {"model": compiled(Scorer()), "data": Rows(x, x[:, :1], size=6), "rows": 12}


@breaks("RE204")
def softmax_over_rows(broken):
    x = np.random.default_rng(0).normal(size=(6, 5, 3)).astype("float32")
    inputs = keras.Input((5, 3), name="series")
    weights = layers.Softmax(axis=0 if broken else 1)(layers.Dense(1)(inputs))
    pooled = layers.GlobalAveragePooling1D()(weights * inputs)
    model = compiled(keras.Model({"series": inputs}, {"pooled": pooled}), {"pooled": "mse"})
    return {"model": model, "data": ({"series": x}, {"pooled": np.ones((6, 3), "float32")})}


@breaks("RE204")
def transpose_by_reshape(broken):
    class Swap(layers.Layer):
        def call(self, x):
            if broken:  # steps first by a reshape, which mixes rows and steps
                return ops.reshape(ops.transpose(x, (1, 0, 2)), (-1, 4, 3))
            return x * 1.0

        def compute_output_shape(self, shape):
            return (None, 4, 3)

    x = np.random.default_rng(0).normal(size=(6, 4, 3)).astype("float32")
    model = keras.Sequential([keras.Input((4, 3)), Swap(), layers.LSTM(2)])
    return {"model": compiled(model), "data": (x, np.ones((6, 2), "float32"))}


@breaks("RE204")
def attention_over_rows(broken):
    inputs = keras.Input((8,))
    h = layers.Dense(4)(inputs)
    if broken:  # (1, batch, features): the rows take the place of steps
        h = ops.expand_dims(h, 0)
        h = layers.MultiHeadAttention(1, 2)(h, h)[0]
    model = compiled(keras.Model(inputs, layers.Dense(1)(h)))
    x = np.random.default_rng(0).normal(size=(10, 8)).astype("float32")
    return {"model": model, "data": (x, x[:, :1])}


@breaks("RE204")
def windows_across_rows(broken):
    class Windows(layers.Layer):
        def call(self, x):
            return ops.reshape(x, (-1, 4, 2)) if broken else x[:, :4]

        def compute_output_shape(self, shape):
            return (None, 4, 2)

    x = np.random.default_rng(0).normal(size=(6, 6, 2)).astype("float32")
    model = compiled(keras.Sequential([keras.Input((6, 2)), Windows(), layers.GRU(2)]))
    return {"model": model, "data": x}


@breaks("RE204")
def state_of_one_row_for_the_next(broken):
    class Carry(layers.Layer):
        def call(self, x):
            return ops.cumsum(x, axis=0 if broken else 1)

    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), Carry(), layers.Dense(1)])
    return {"model": compiled(model), "data": Rows(x, x[:, :1], size=5), "rows": 5}


@breaks("RE204")
def last_row_in_place_of_the_last_step(broken):
    class Last(keras.Model):
        def __init__(self):
            super().__init__()
            self.rnn, self.out = layers.GRU(4, return_sequences=True), layers.Dense(1)

        def call(self, x):
            h = self.rnn(x)
            return self.out(h[-1] if broken else h[:, -1])

    # as many rows as steps: nothing raises
    x = np.random.default_rng(0).normal(size=(6, 6, 3)).astype("float32")
    return {"model": compiled(Last()), "data": (x, np.ones((6, 1), "float32"))}


# RE205: padding in the steps beside it, or in statistics


@breaks("RE205")
def statistics_over_padded_ids(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    real = ops.not_equal(inputs, 0)
    h = layers.BatchNormalization()(ops.tanh(h), mask=None if broken else real)
    model = compiled(keras.Model(inputs, layers.GRU(2)(h, mask=real)))
    return {"model": model, "data": (ids(), np.ones((4, 2), "float32"))}


@breaks("RE205")
def statistics_in_a_tagger(broken):
    class Tagger(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense, self.norm = layers.Dense(4), layers.BatchNormalization()
            self.out = layers.Dense(1)

        def call(self, inputs, training=None):
            mask = inputs["mask"]
            h = self.dense(inputs["x"])
            h = self.norm(h, training=training, mask=None if broken else mask)
            return self.out(h)

    real = np.arange(7) < np.array([[7], [2], [5], [3]])
    x = {"x": vectors(), "mask": real}
    return {"model": compiled(Tagger()), "data": (x, np.ones((4, 7, 1), "float32"))}


class RunningMean(layers.Layer):
    """Subtracts a mean that it gathers while it trains."""

    def __init__(self, heeds_mask):
        super().__init__()
        self.supports_masking, self.heeds_mask = True, heeds_mask

    def build(self, shape):
        self.mean = self.add_weight(shape=(shape[-1],), trainable=False, initializer="zeros")

    def call(self, x, training=None, mask=None):
        if training:
            real = ops.ones_like(x[..., :1])
            if mask is not None and self.heeds_mask:
                real = ops.cast(mask, x.dtype)[..., None]
            mean = ops.sum(x * real, axis=(0, 1)) / ops.sum(real)
            self.mean.assign(0.9 * self.mean + 0.1 * mean)
        return x - self.mean


@breaks("RE205")
def running_mean_of_ones_own(broken):
    steps = [keras.Input((None, 3)), layers.Masking(-1.0), RunningMean(not broken), layers.GRU(2)]
    data = Rows(vectors(value=-1.0), np.ones((4, 2), "float32"), size=4)
    return {"model": compiled(keras.Sequential(steps)), "data": data, "rows": 4}


class Smoothed(layers.Conv1D):
    """A convolution that says it supports masks."""

    def __init__(self, heeds_mask):
        super().__init__(4, 3, padding="same")
        self.supports_masking, self.heeds_mask = True, heeds_mask

    def call(self, x, mask=None):
        if mask is not None and self.heeds_mask:
            x = ops.where(mask[..., None], x, 0.0)
        return super().call(x)


@breaks("RE205")
def convolution_that_keeps_the_mask_alone(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    h = layers.GlobalAveragePooling1D()(Smoothed(not broken)(h))
    return {"model": compiled(keras.Model(inputs, h)), "data": (ids(), np.ones((4, 4), "float32"))}


@breaks("RE205")
def norm_over_time_with_a_mask(broken):
    norm = layers.GroupNormalization(1) if broken else layers.LayerNormalization()
    steps = [keras.Input((None, 3)), layers.Masking(), layers.Dense(4), norm, layers.SimpleRNN(2)]
    data = vectors(side="pre"), np.ones((4, 2), "float32")
    return {"model": compiled(keras.Sequential(steps)), "data": data}


# RE206: a length is fixed


def of_lengths(*lengths, features=3, rows=4):
    """A function that makes batches of these lengths."""

    class Lengths(keras.utils.PyDataset):
        def __len__(self):
            return len(lengths)

        def __getitem__(self, i):
            x = np.random.default_rng(i).normal(size=(rows, lengths[i], features))
            return x.astype("float32"), np.ones((rows, 1), "float32")

    return Lengths()


@breaks("RE206")
def length_in_the_input(broken):
    inputs = keras.Input((7 if broken else None, 3))
    model = compiled(keras.Model(inputs, layers.Dense(1)(layers.LSTM(2)(inputs))))
    return {"model": model, "data": of_lengths(7, 9), "rows": 8}


@breaks("RE206")
def flattened_by_reshape(broken):
    class Flat(layers.Layer):
        def call(self, x):
            return ops.reshape(x, (-1, 12)) if broken else ops.mean(x, axis=1)

        def compute_output_shape(self, shape):
            return (None, 12 if broken else 3)

    model = keras.Sequential([keras.Input((None, 3)), Flat(), layers.Dense(1)])
    # 8 steps come out as 8 rows in place of 4, without an error
    return {"model": compiled(model), "data": of_lengths(4, 6, 8), "rows": 12}


@breaks("RE206")
def prediction_of_another_length(broken):
    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.flat = layers.Flatten() if broken else layers.GlobalMaxPooling1D()
            self.out = layers.Dense(1)

        def call(self, inputs):
            return self.out(self.flat(inputs["x"]))

    x = np.random.default_rng(0).normal(size=(6, 8, 3)).astype("float32")
    later = {"x": x[:, :5]}
    return {"model": compiled(Reader()), "data": ({"x": x}, x[:, 0, :1]), "predict": later}


@breaks("RE206")
def dense_over_time(broken):
    inputs = keras.Input((None, 3) if not broken else (5, 3))
    h = inputs
    if broken:
        h = layers.Permute((2, 1))(layers.Dense(4)(layers.Permute((2, 1))(h)))
    h = layers.GlobalAveragePooling1D()(layers.Dense(4)(h))
    model = compiled(keras.Model(inputs, layers.Dense(1)(h)))
    return {"model": model, "data": of_lengths(5, 8, 11), "rows": 12}


@breaks("RE206")
def pictures_of_two_sizes(broken):
    class Pictures(Rows):
        def __getitem__(self, i):
            size = (4, 8 + 2 * (i % 2), 8, 1)
            return np.random.default_rng(i).normal(size=size), np.ones((4, 1), "float32")

    end = layers.Flatten() if broken else layers.GlobalAveragePooling2D()
    model = compiled(keras.Sequential([layers.Conv2D(2, 3), end, layers.Dense(1)]))
    return {"model": model, "data": Pictures(np.ones(12), size=4), "rows": 12}


@breaks("RE206", tensorflow=True)
def lengths_of_a_generator(broken):
    import tensorflow as tf

    def batches():
        for steps in (6, 6, 10):
            yield np.ones((2, steps), "int32"), np.ones((2, 1), "float32")

    signature = (tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, 1)))
    data = tf.data.Dataset.from_generator(batches, output_signature=signature)
    data = data.apply(tf.data.experimental.assert_cardinality(3))
    inputs = keras.Input((6 if broken else None,), dtype="int32")
    h = layers.Embedding(5, 3)(inputs)
    h = layers.Flatten()(h) if broken else layers.GRU(2)(h)
    return {"model": compiled(keras.Model(inputs, layers.Dense(1)(h))), "data": data, "rows": 6}
