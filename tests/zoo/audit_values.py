"""Programs of the audit's zoo about the values of the input and of padding."""

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled, ids, vectors
from keras import layers

LENGTHS = (7, 2, 5, 3)


def targets(n=4, size=3):
    return np.ones((n, size), "float32")


def counts(value, seed=0):
    """Counts for each timestep, 0 among them, padded with a value."""
    x = np.random.default_rng(seed).poisson(1.5, (4, 7, 1)).astype("float32")
    x[:, 1] = np.array([0, 2, 0, 0])[:, None]
    for row, length in enumerate(LENGTHS):
        x[row, length - 1], x[row, length:] = 2, value
    return x


# RE112: the value that is masked is data, too


@breaks("RE112")
def counts_of_zero_are_masked(broken):
    value = 0.0 if broken else -1.0
    model = keras.Sequential([keras.Input((None, 1)), layers.Masking(value), layers.GRU(3)])
    return {"model": compiled(model), "data": Rows(counts(value), targets(), size=2)}


@breaks("RE112")
def labels_numbered_from_zero(broken):
    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = layers.Embedding(10, 4, mask_zero=True)
            self.rnn = layers.SimpleRNN(3)

        def call(self, batch):
            return self.rnn(self.embed(batch["words"]))

    words = ids() - 1 if broken else ids()
    words[:, 1] = 0 if broken else 1
    words[ids() == 0] = 0
    words[:, 0] = 5
    words[1, 1] = 4
    return {"model": compiled(Reader()), "data": ({"words": words}, targets())}


@breaks("RE112")
def real_zeros_within_given_lengths(broken):
    value = 0.0 if broken else -9.0
    x = vectors(value=value)
    x[0, 3:5], x[2, 4] = 0, 0  # a sensor at rest
    inputs = keras.Input((None, 3))
    h = layers.Masking(value)(inputs)
    model = compiled(keras.Model(inputs, layers.Bidirectional(layers.LSTM(2))(h)))
    return {"model": model, "data": (x, targets(4, 4)), "lengths": list(LENGTHS)}


@breaks("RE112")
def tags_of_real_words_are_skipped(broken):
    words = ids(side="pre")
    words[0, 2:5] = [3, 0 if broken else 9, 4]
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(10, 4, mask_zero=True)(inputs)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(h))
    model.compile("sgd", "sparse_categorical_crossentropy")

    def batches():
        yield words, np.ones((4, 7), "int32")

    data = {"model": model, "data": batches, "fit": {"steps_per_epoch": 1}}
    return {**data, "ignore": ["generator-ends"]}


# RE113: padding is scaled with the data


def climate(seed=0):
    """Rows of measurements far from 0, as a list."""
    rng = np.random.default_rng(seed)
    return [rng.normal([15, 1010, 60], [4, 9, 10], (length, 3)) for length in LENGTHS]


def filled(rows, side="post", value=0.0):
    return keras.utils.pad_sequences(rows, dtype="float32", padding=side, value=value)


@breaks("RE113")
def scaled_to_one_after_padding(broken):
    rows = [row - 20 for row in climate()]
    low, high = np.concatenate(rows).min(axis=0), np.concatenate(rows).max(axis=0)
    if broken:
        x = (filled(rows) - low) / (high - low)
    else:
        x = filled([(row - low) / (high - low) for row in rows])
    inputs = keras.Input((None, 3))
    h = layers.Bidirectional(layers.GRU(2))(layers.Masking()(inputs))
    return {"model": compiled(keras.Model(inputs, h)), "data": Rows(x, targets(4, 4), size=4)}


@breaks("RE113")
def normalization_before_masking(broken):
    rows = climate()
    x = filled(rows, value=0.0)
    scale = layers.Normalization()
    scale.adapt(np.concatenate(rows))

    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale, self.mask, self.rnn = scale, layers.Masking(), layers.LSTM(3)

        def call(self, x):
            if broken:
                return self.rnn(self.mask(self.scale(x)))
            return self.rnn(self.scale(self.mask(x)), mask=self.mask.compute_mask(x))

    return {"model": compiled(Reader()), "data": (x, targets())}


@breaks("RE113")
def rows_standardised_with_their_padding(broken):
    def standard(row):
        return (row - row.mean(axis=0)) / row.std(axis=0)

    rows = climate()
    rows[1] = climate(1)[2][:2]
    if broken:
        x = np.stack([standard(row) for row in filled(rows)])
    else:
        x = filled([standard(row) for row in rows])
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(0.0), layers.SimpleRNN(3)])
    return {"model": compiled(model), "data": (x, targets())}


@breaks("RE113")
def bias_before_masking(broken):
    inputs = keras.Input((None, 3), name="steps")
    h = layers.Dense(4, use_bias=broken)(inputs)
    h = layers.Masking()(h)
    model = compiled(keras.Model({"steps": inputs}, layers.GRU(3)(h)))
    return {"model": model, "data": ({"steps": vectors()}, targets())}


@breaks("RE113")
def padded_with_another_value_than_masked(broken):
    x = filled(climate(), value=-1.0 if broken else -99.0)
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(-99.0), layers.LSTM(3)])
    return {"model": compiled(model), "data": Rows(x, targets(), size=2)}


# RE114: ids that are none


@breaks("RE114")
def ids_of_other_words_in_the_validation(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    model = compiled(keras.Model(inputs, layers.LSTM(3)(h)))
    seen = ids(seed=3)
    seen[0, 3] = 40 if broken else 4
    return {"model": model, "data": (ids(), targets()), "validation": (seen, targets())}


@breaks("RE114")
def ids_scaled_as_features(broken):
    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.mean = layers.Embedding(9, 3), layers.GlobalAveragePooling1D()

        def call(self, x):
            return self.mean(self.embed(x))

    x = ids((5, 5, 5, 5), 5)
    x = (x / x.max()).astype("float32") if broken else x
    return {"model": compiled(Reader()), "data": Rows(x, targets(), size=2)}


@breaks("RE114")
def padded_with_minus_one(broken):
    value = -1 if broken else 0
    model = keras.Sequential(
        [keras.Input((7,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), layers.GRU(3)]
    )
    return {"model": compiled(model), "data": (ids(value=value), targets())}


@breaks("RE114")
def large_ids_as_float32(broken):
    words = keras.Input((3,), name="words", dtype="float32" if broken else "int32")
    size = keras.Input((2,), name="size")
    h = layers.Flatten()(layers.Embedding(2**24 + 4, 1, embeddings_initializer="zeros")(words))
    model = compiled(keras.Model([words, size], layers.Dense(1)(layers.Concatenate()([h, size]))))
    x = {"words": np.array([[1, 5, 2**24 + 1], [2**24 + 3, 8, 3]]), "size": targets(2, 2)}
    return {"model": model, "data": (x, targets(2, 1))}


@breaks("RE114")
def positions_beyond_the_table(broken):
    class Positions(layers.Layer):
        def __init__(self):
            super().__init__()
            self.words = layers.Embedding(9, 3)
            self.places = layers.Embedding(5 if broken else 7, 3)

        def call(self, x):
            return self.words(x) + self.places(keras.ops.arange(keras.ops.shape(x)[1]))

    model = keras.Sequential([Positions(), layers.Flatten(), layers.Dense(3)])
    x = ids((7, 7, 7, 7))
    return {"model": compiled(model), "data": lambda: Rows(x, targets(), size=2)}


# RE115: the range of pictures


def pictures(scale=1.0, size=(4, 8, 8, 3)):
    pixels = np.random.default_rng(0).integers(0, 256, size)
    return (pixels * scale).astype("float32")


@breaks("RE115")
def scaled_pictures_are_scaled_again(broken):
    inputs = keras.Input((None, None, 3))
    h = layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 255)(inputs))
    model = compiled(keras.Model(inputs, layers.Dense(1)(h)))
    x = pictures(1 / 255 if broken else 1.0)
    return {"model": model, "data": Rows(x, targets(4, 1), size=2)}


@breaks("RE115")
def contrast_of_centred_pictures(broken):
    limits = (0, 255) if broken else (-1, 1)
    augment = keras.Sequential([layers.RandomContrast(0.5, value_range=limits, seed=1)])

    class Classifier(keras.Model):
        def __init__(self):
            super().__init__()
            self.augment, self.head = augment, layers.Dense(1)

        def call(self, x, training=False):
            return self.head(keras.ops.mean(self.augment(x, training=training), axis=(1, 2)))

    return {"model": compiled(Classifier()), "data": (pictures(1 / 127.5) - 1, targets(4, 1))}


@breaks("RE115")
def brightness_of_bytes_in_a_range_of_one(broken):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomBrightness(0.3, value_range=(0, 1) if broken else (0, 255)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    return {"model": compiled(model), "data": (pictures().astype("uint8"), targets(4, 1))}


@breaks("RE115")
def several_augmentations_of_scaled_pictures(broken):
    limits = {} if broken else {"value_range": (0, 1)}
    inputs = keras.Input((8, 8, 3))
    h = layers.RandomFlip("horizontal")(inputs)
    h = layers.RandomColorJitter(brightness_factor=0.3, seed=1, **limits)(h)
    model = compiled(keras.Model(inputs, layers.Dense(1)(layers.Flatten()(h))))

    def make():
        return Rows(pictures(1 / 255), targets(4, 1), size=4)

    return {"model": model, "data": make}


# RE116: the axes of sample weights


def tagger(**options):
    head = layers.Dense(3, activation="softmax")
    gru = layers.GRU(4, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), gru, head])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(**options))
    return model


@breaks("RE116")
def one_row_of_weights_for_steps(broken):
    class Weighted(Rows):
        def __getitem__(self, i):
            x, y, weight = super().__getitem__(i)
            return x, y, weight[0] if broken else weight

    x, y = vectors((7, 7, 7, 7)), np.ones((4, 7), "int32")
    data = Weighted(x, y, np.linspace(0, 1, 28, dtype="float32").reshape(4, 7), size=4)
    return {"model": tagger(), "data": data}


@breaks("RE116")
def weights_of_rows_are_summed_before_steps(broken):
    mean = {"reduction": "mean_with_sample_weight"}
    x, y = vectors((7, 7, 7, 7)), np.ones((4, 7), "int32")
    weight = np.array([[1], [2], [0], [1]], "float32")
    weight = weight if broken else np.repeat(weight, 7, axis=1)
    return {"model": tagger(**mean), "data": lambda: Rows(x, y, weight, size=4)}


@breaks("RE116")
def weights_of_classes_as_those_of_rows(broken):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(inputs))
    model.compile("sgd", "categorical_crossentropy")
    y = np.eye(3, dtype="float32")[[0, 1, 2, 1, 0, 2]]
    classes = np.array([1, 5, 2], "float32")
    weight = y * classes if broken else (y * classes).sum(axis=1)
    return {"model": model, "data": (np.ones((6, 4), "float32"), y, weight)}


@breaks("RE116")
def loss_without_an_axis_of_rows(broken):
    def distance(y_true, y_pred):
        square = keras.ops.square(y_true - y_pred)
        return keras.ops.mean(square) if broken else keras.ops.mean(square, axis=-1)

    inputs = keras.Input((4,))
    heads = [layers.Dense(1, name="a")(inputs), layers.Dense(1, name="b")(inputs)]
    model = compiled(keras.Model(inputs, heads), {"a": distance, "b": "mae"})
    y = {"a": targets(6, 1), "b": targets(6, 1)}
    weight = {"a": np.arange(6, dtype="float32"), "b": np.arange(6, dtype="float32")}
    x = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    return {"model": model, "data": (x, y, weight), "ignore": "RE4"}


# RE207: padding in front of rows that cuDNN reads


@breaks("RE207")
def keras_pads_in_front(broken):
    rows = [[3, 1, 4, 1, 5], [9, 2, 6], [5, 3]]
    x = keras.utils.pad_sequences(rows, padding="pre" if broken else "post")
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(10, 4, mask_zero=True)(inputs)
    model = compiled(keras.Model(inputs, layers.Bidirectional(layers.LSTM(2))(h)))
    return {"model": model, "data": (x, targets(3, 4))}


@breaks("RE207")
def windows_filled_in_front(broken):
    class Forecast(keras.Model):
        def __init__(self):
            super().__init__()
            self.mask, self.rnn = layers.Masking(-5.0), layers.GRU(3, use_cudnn="auto")

        def call(self, batch):
            return self.rnn(self.mask(batch["window"]))

    x = vectors(side="pre" if broken else "post", value=-5.0)
    return {"model": compiled(Forecast()), "data": ({"window": x}, targets())}


@breaks("RE207")
def mask_of_ones_own_begins_late(broken):
    x = keras.Input((None, 3), name="x")
    real = keras.ops.any(keras.ops.not_equal(x, 0.0), axis=-1)
    lstm = layers.LSTM(3, use_cudnn="auto" if broken else False)
    model = compiled(keras.Model({"x": x}, lstm(x, mask=real)))

    def batches():
        yield {"x": vectors(side="pre")}, targets()

    once = {"fit": {"steps_per_epoch": 1}, "ignore": "generator-ends"}
    return {"model": model, "data": batches, **once}


# RE208: rows without a step


@breaks("RE208")
def mean_of_an_empty_document(broken):
    inputs = keras.Input((None,), dtype="int32")
    real = keras.ops.cast(keras.ops.not_equal(inputs, 0), "float32")[..., None]
    h = layers.Embedding(9, 4, mask_zero=True)(inputs) * real
    mean = keras.ops.sum(h, axis=1) / keras.ops.sum(real, axis=1)
    model = compiled(keras.Model(inputs, layers.Dense(1)(mean)))
    lengths = (7, 0, 5, 3) if broken else (7, 1, 5, 3)
    return {"model": model, "data": Rows(ids(lengths), targets(4, 1), size=4)}


@breaks("RE208")
def empty_row_in_predict(broken):
    class Pooled(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = layers.Embedding(9, 3, mask_zero=True)
            self.mean = layers.GlobalAveragePooling1D()

        def call(self, ids):
            return self.mean(self.embed(ids))

    later = ids((4, 0 if broken else 1, 7), seed=4)
    return {"model": compiled(Pooled()), "data": (ids(), targets()), "predict": later}


@breaks("RE208")
def loss_counts_an_empty_row(broken):
    inputs = keras.Input((None, 3), name="steps")
    h = layers.Masking(-1.0)(inputs)
    model = compiled(keras.Model({"steps": inputs}, layers.SimpleRNN(3)(h)))
    x = vectors((7, 6, 0, 7), value=-1.0)
    weight = np.array([1, 1, broken, 1], "float32")
    return {"model": model, "data": ({"steps": x}, targets(), weight)}
