"""Programs of the audit's zoo about the structure of the data: RE105 to RE111."""

import math

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled, dense, ids, vectors
from keras import layers

# RE105: a batch without rows


@breaks("RE105")
def one_more_than_there_are(broken):
    count = (lambda n: int(n) + 1) if broken else math.ceil
    data = Rows(np.ones((32, 4), "float32"), np.ones((32, 1), "float32"), count=count)
    return {"model": dense(), "data": data}


@breaks("RE105")
def generator_that_runs_to_the_end_and_on(broken):
    x, y = np.ones((24, 4), "float32"), np.ones((24, 1), "float32")

    def batches():
        while True:
            for start in range(0, 24 + broken, 8):
                yield x[start : start + 8], y[start : start + 8]

    return {"model": dense(), "data": batches, "fit": {"steps_per_epoch": 3 + broken}}


@breaks("RE105", tensorflow=True)
def rows_filtered_within_a_batch(broken):
    import tensorflow as tf

    y = np.repeat([1.0, 0.0 if broken else 1.0, 1.0], 4).astype("float32")[:, None]
    dataset = tf.data.Dataset.from_tensor_slices((np.ones((12, 4), "float32"), y)).batch(4)
    dataset = dataset.map(
        lambda x, y: (tf.boolean_mask(x, y[:, 0] > 0), tf.boolean_mask(y, y[:, 0] > 0))
    )
    return {"model": dense(), "data": dataset}


@breaks("RE105")
def bucket_that_holds_nothing(broken):
    sizes = (6, 4, 0, 5) if broken else (6, 4, 5)

    class Buckets(keras.utils.PyDataset):
        def __len__(self):
            return len(sizes)

        def __getitem__(self, i):
            x = {"a": np.ones((sizes[i], 4), "float32"), "b": np.ones((sizes[i], 2), "float32")}
            return x, np.ones((sizes[i], 1), "float32")

    inputs = {"a": keras.Input((4,), name="a"), "b": keras.Input((2,), name="b")}
    answer = layers.Dense(1)(layers.Concatenate()([inputs["a"], inputs["b"]]))
    x, y = {"a": np.ones((6, 4)), "b": np.ones((6, 2))}, np.ones((6, 1))
    model = compiled(keras.Model(inputs, answer))
    return {"model": model, "data": (x, y), "validation": Buckets()}


# RE106: the first two batches agree where later ones do not


@breaks("RE106", tensorflow=True)
def bucket_of_short_rows_first(broken):
    lengths = (4, 4, 6, 7) if broken else (4, 6, 4, 7)

    class Buckets(keras.utils.PyDataset):
        def __len__(self):
            return len(lengths)

        def __getitem__(self, i):
            return ids((lengths[i],) * 4, lengths[i]), np.ones((4, 3), "float32")

    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    return {"model": compiled(keras.Model(inputs, layers.LSTM(3)(h))), "data": Buckets()}


@breaks("RE106", tensorflow=True)
def generator_of_images_sorted_by_size(broken):
    sizes = ((8, 8), (8, 8), (8, 12), (10, 12)) if broken else ((8, 8), (10, 12), (8, 12), (8, 8))

    def batches():
        while True:
            for height, width in sizes:
                yield np.ones((2, height, width, 3), "float32"), np.ones((2, 1), "float32")

    parts = [layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(1)]
    model = compiled(keras.Sequential([keras.Input((None, None, 3)), *parts]))
    return {"model": model, "data": batches, "fit": {"steps_per_epoch": 4}}


@breaks("RE106", tensorflow=True)
def targets_of_a_length_of_their_own(broken):
    lengths = (5, 5, 8) if broken else (5, 8, 5)

    class Tagged(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            rows = vectors((lengths[i],) * 2, lengths[i])
            return {"speech": rows}, {"tags": np.ones((2, lengths[i], 1), "float32")}

    speech = keras.Input((None, 3), name="speech")
    tags = layers.GRU(1, return_sequences=True, name="tags")(speech)
    model = compiled(keras.Model({"speech": speech}, {"tags": tags}), {"tags": "mse"})
    return {"model": model, "data": Tagged()}


@breaks("RE106", tensorflow=True)
def rows_to_predict_by_length(broken):
    class Queries(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            steps = max(4, 3 + i) if broken else 4 + i % 3
            return (vectors((steps,) * 2, steps),)

    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.LSTM(1)]))
    data = (vectors((7,) * 4), np.ones((4, 1), "float32"))
    return {"model": model, "data": data, "predict": Queries()}


# RE107: batches differ in structure


@breaks("RE107")
def weights_in_some_batches(broken):
    x, y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")

    def batches():
        for i in range(3):
            weight = np.ones(8, "float32")
            yield (x, y) if broken and i < 2 else (x, y, weight)

    return {"model": dense(), "data": batches, "fit": {"steps_per_epoch": 3}}


@breaks("RE107")
def key_that_is_missing_in_a_batch(broken):
    class Tables(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            x = {"a": np.ones((8, 4), "float32"), "b": np.ones((8, 2), "float32")}
            if broken and i == 3:
                x.pop("b")
            return x, np.ones((8, 1), "float32")

    inputs = {"a": keras.Input((4,), name="a"), "b": keras.Input((2,), name="b")}
    model = keras.Model(inputs, layers.Dense(1)(layers.Concatenate()(list(inputs.values()))))
    return {"model": compiled(model), "data": Tables()}


@breaks("RE107")
def labels_that_are_fractions_later(broken):
    class Scores(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return x, y.astype("int64") if broken and i == 0 else y

    x, y = np.ones((24, 4), "float32"), np.repeat([1.0, 0.5, 0.25], 8)[:, None].astype("float32")
    return {"model": dense(), "data": Scores(x, y)}


@breaks("RE107", tensorflow=True)
def targets_without_their_last_axis(broken):
    class Squeezed(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return (x, y[:, 0]) if broken and i == 2 else (x, y)

    arrays = np.ones((24, 4), "float32"), np.ones((24, 1), "float32")
    return {"model": dense(), "data": arrays, "validation": Squeezed(*arrays)}


# RE108: NaN, infinity, objects


@breaks("RE108")
def rows_of_several_lengths_in_one_array(broken):
    rows = [np.arange(1, n, dtype="float32") for n in (4, 3, 4, 2)]
    x = np.empty(4, object)
    x[:] = rows
    if not broken:
        x = keras.utils.pad_sequences(rows, 4, dtype="float32")
    return {"model": dense(), "data": (x, np.ones((4, 1), "float32"))}


@breaks("RE108")
def gap_in_a_late_row(broken):
    x, y = np.ones((2000, 4), "float32"), np.ones((2000, 1), "float32")
    y[1900] = np.nan if broken else 0
    return {"model": dense(), "data": (x, y)}


@breaks("RE108")
def logarithm_of_zero_in_a_generator(broken):
    def batches():
        while True:
            for i in range(3):
                counts = np.arange(16, dtype="float32").reshape(4, 4) + (2 - i)
                with np.errstate(divide="ignore"):
                    yield {"x": np.log(counts) if broken else np.log1p(counts)}, np.ones((4, 1))

    inputs = keras.Input((4,), name="x")
    model = keras.Model({"x": inputs}, layers.Dense(1, activation="sigmoid")(inputs))
    model = compiled(model, "binary_crossentropy")
    return {"model": model, "data": batches, "fit": {"steps_per_epoch": 3}}


@breaks("RE108")
def missing_targets_of_weight_0(broken):
    class Masked(keras.losses.Loss):
        def call(self, y_true, y_pred):
            known = keras.ops.logical_not(keras.ops.isnan(y_true))
            return keras.ops.mean(keras.ops.where(known, y_true - y_pred, 0.0) ** 2, -1)

    x, y = np.ones((16, 4), "float32"), np.ones((16, 1), "float32")
    y[::3] = np.nan
    model = compiled(dense(), "mse" if broken else Masked())
    return {"model": model, "data": Rows(x, y, np.isfinite(y[:, 0]).astype("float32"))}


@breaks("RE108")
def quotient_in_the_rows_to_predict(broken):
    x = np.ones((12, 4), "float32")
    x[7, 2] = np.inf if broken else 1e6
    return {"model": dense(), "data": (x[:4], x[:4, :1]), "predict": Rows(x)}


# RE109: arrays of one batch hold unlike numbers of rows


@breaks("RE109")
def arrays_of_two_splits(broken):
    x, y = np.ones((40, 4), "float32"), np.ones((41 if broken else 40, 1), "float32")
    return {"model": dense(), "data": (x, y)}


@breaks("RE109")
def inputs_cut_in_two_ways(broken):
    def batches():
        while True:
            for start in (0, 8, 16):
                stop = start + 8 - (broken and start == 8)
                text, table = np.ones((8, 4), "float32"), np.ones((24, 2), "float32")[start:stop]
                yield {"text": text, "table": table}, np.ones((8, 1), "float32")

    inputs = {"text": keras.Input((4,), name="text"), "table": keras.Input((2,), name="table")}
    model = keras.Model(inputs, layers.Dense(1)(layers.Concatenate()(list(inputs.values()))))
    return {"model": compiled(model), "data": batches, "fit": {"steps_per_epoch": 3}}


@breaks("RE109")
def weights_of_all_rows(broken):
    weights = np.ones(24, "float32")

    class Weighted(Rows):
        def __getitem__(self, i):
            x, y, weight = super().__getitem__(i)
            return x, y, weights if broken else weight

    x, y = np.ones((24, 4), "float32"), np.ones((24, 1), "float32")
    return {"model": dense(), "data": (x, y), "validation": Weighted(x, y, weights)}


@breaks("RE109")
def labels_one_batch_behind(broken):
    class Late(Rows):
        def __getitem__(self, i):
            (x,) = super().__getitem__(i)
            return x, np.arange(20)[8 * i + 4 * broken : 8 * i + 8] % 3

    model = compiled(keras.Sequential([keras.Input((4,)), layers.Dense(3)]), None)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": model, "data": Late(np.ones((20, 4), "float32"))}


# RE110: a batch has other rows when it is asked for again


@breaks("RE110")
def rows_drawn_at_random(broken):
    x = np.arange(160, dtype="float32").reshape(40, 4)

    class Drawn(Rows):
        def __getitem__(self, i):
            if not broken:
                return super().__getitem__(i)
            rows = np.random.randint(0, 40, self.size)
            return tuple(array[rows] for array in self.arrays)

    return {"model": dense(), "data": Drawn(x, x[:, :1])}


@breaks("RE110")
def next_of_an_iterator(broken):
    x = np.arange(96, dtype="float32").reshape(24, 4)

    class Endless(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.stream = self.batches()

        def batches(self):
            while True:
                yield from (self.cut(i) for i in range(3))

        def cut(self, i):
            return {"x": x[8 * i : 8 * i + 8]}, {"y": x[8 * i : 8 * i + 8, :1]}

        def __len__(self):
            return 3

        def __getitem__(self, i):
            return next(self.stream) if broken else self.cut(i)

    inputs = keras.Input((4,), name="x")
    model = keras.Model({"x": inputs}, {"y": layers.Dense(1, name="y")(inputs)})
    return {"model": compiled(model, {"y": "mse"}), "data": Endless()}


@breaks("RE110")
def shuffled_with_the_last_batch(broken):
    x = np.arange(80, dtype="float32").reshape(20, 4)

    class Shuffled(Rows):
        order = np.arange(20)

        def __getitem__(self, i):
            if broken and i == len(self) - 1:
                self.order = np.random.permutation(self.order)
            rows = self.order[8 * i : 8 * i + 8]
            return x[rows], x[rows, :1]

        def on_epoch_end(self):
            self.order = np.random.permutation(self.order)

    return {"model": dense(), "data": Shuffled(x)}


@breaks("RE110")
def rows_taken_out_of_a_pool(broken):
    class Pool(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.pool = [(i, float(i)) for i in range(24)]

        def __len__(self):
            return 3

        def __getitem__(self, i):
            pool = self.pool
            taken = [pool.pop() for _ in range(8)] if broken else pool[8 * i : 8 * i + 8]
            x, y = zip(*taken, strict=True)
            return np.repeat(np.array(x)[:, None], 4, 1).astype("float32"), np.array(y)[:, None]

    x = np.ones((8, 4), "float32")
    return {"model": dense(), "data": (x, x[:, :1]), "validation": Pool()}


# RE111: on_epoch_end changes what an epoch shows


@breaks("RE111")
def more_batches_in_each_epoch(broken):
    x = np.arange(96, dtype="float32").reshape(24, 4)

    class Growing(Rows):
        shown = 2

        def __len__(self):
            return self.shown

        def on_epoch_end(self):
            self.shown = min(self.shown + 1, 6) if broken else 2

    return {"model": dense(), "data": Growing(x, x[:, :1], size=4), "fit": {"epochs": 3}}


@breaks("RE111")
def inputs_and_targets_shuffled_apart(broken):
    class Apart(Rows):
        def on_epoch_end(self):
            orders = [np.random.permutation(24) for _ in self.arrays]
            orders = orders if broken else orders[:1] * 2
            pairs = zip(self.arrays, orders, strict=True)
            self.arrays = tuple(array[order] for array, order in pairs)

    x = np.arange(96, dtype="float32").reshape(24, 4)
    return {"model": dense(), "data": Apart(x, x[:, :1] % 7)}


@breaks("RE111")
def another_file_for_each_epoch(broken):
    files = np.arange(384, dtype="float32").reshape(4, 24, 4)

    class Files(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.file = 0

        def __len__(self):
            return 3

        def __getitem__(self, i):
            x = files[self.file, 8 * i : 8 * i + 8]
            return {"x": x}, x.mean(axis=1)

        def on_epoch_end(self):
            self.file = (self.file + 1) % 4 if broken else self.file

    inputs = keras.Input((4,), name="x")
    model = keras.Model({"x": inputs}, layers.Dense(1)(inputs))
    return {"model": compiled(model), "data": Files(), "fit": {"epochs": 4}}


@breaks("RE111")
def schedule_of_as_many_steps_as_epochs(broken):
    x, y = np.ones((24, 4), "float32"), np.ones((24, 1), "float32")

    class Scheduled(Rows):
        epoch, share, shares = 0, 0.1, (0.1, 0.2, 0.3)

        def on_epoch_end(self):
            self.epoch += 1
            self.share = self.shares[self.epoch if broken else min(self.epoch, 2)]

    return {"model": dense(), "data": (x, y), "validation": Scheduled(x, y), "fit": {"epochs": 3}}


@breaks("RE111")
def shuffled_rows_to_predict(broken):
    x = np.arange(96, dtype="float32").reshape(24, 4)

    class Shuffled(Rows):
        def on_epoch_end(self):
            if broken:
                (x,) = self.arrays
                self.arrays = (x[np.random.permutation(len(x))],)

    return {"model": dense(), "data": (x, x[:, :1]), "predict": Shuffled(x)}
