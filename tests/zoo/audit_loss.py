"""Programs whose loss or metrics count wrongly, and their mended twins."""

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled, ids, vectors
from keras import layers, ops

# RE402: the loss grows with the batch


@breaks("RE402")
def reduction_by_sum(broken):
    loss = keras.losses.MeanAbsoluteError(reduction="sum" if broken else "sum_over_batch_size")
    model = compiled(keras.Sequential([keras.Input((4,)), layers.Dense(1)]), loss)
    return {"model": model, "data": Rows(np.ones((20, 4), "float32"), np.ones((20, 1), "float32"))}


@breaks("RE402")
def divided_by_a_constant(broken):
    size = 8

    class Cross(keras.losses.Loss):
        def call(self, y_true, y_pred):
            values = keras.losses.binary_crossentropy(y_true, y_pred)
            return ops.sum(values) / size if broken else values

    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(inputs))
    x = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    return {"model": compiled(model, Cross()), "data": Rows(x, y, size=size)}


@breaks("RE402")
def layer_adds_a_sum(broken):
    class Code(layers.Layer):
        def call(self, x):
            values = ops.sum(ops.square(x), axis=-1)
            self.add_loss(ops.sum(values) if broken else ops.mean(values))
            return x

    class Coder(keras.Model):
        def __init__(self):
            super().__init__()
            self.encode, self.code, self.decode = layers.Dense(2), Code(), layers.Dense(4)

        def call(self, x):
            return self.decode(self.code(self.encode(x)))

    x = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    return {"model": compiled(Coder()), "data": (x, x), "fit": {"batch_size": 8}}


@breaks("RE402")
def one_of_two_losses_sums(broken):
    inputs = keras.Input((4,))
    heads = {"a": layers.Dense(1)(inputs), "b": layers.Dense(2)(inputs)}

    def total(y_true, y_pred):
        error = ops.abs(y_true - y_pred)
        return ops.sum(error) if broken else ops.sum(error, axis=-1)

    model = compiled(keras.Model(inputs, heads), {"a": "mse", "b": total})
    y = {"a": np.ones((6, 1), "float32"), "b": np.ones((6, 2), "float32")}
    return {"model": model, "data": (np.ones((6, 4), "float32"), y)}


@breaks("RE402", tensorflow=True)
def loss_without_reduction(broken):
    loss = keras.losses.MeanSquaredError(reduction=None if broken else "sum_over_batch_size")
    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.GRU(2)]), loss)
    return {"model": model, "data": (np.ones((6, 5, 3), "float32"), np.ones((6, 2), "float32"))}


# RE403: a metric depends on the batches


@breaks("RE403")
def root_of_a_batch(broken):
    def rmse(y_true, y_pred):
        return ops.sqrt(ops.mean(ops.square(y_true - y_pred)))

    metric = rmse if broken else keras.metrics.RootMeanSquaredError()
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    y = np.random.default_rng(1).normal(size=(16, 1)).astype("float32")
    return {"model": compiled(model, metrics=[metric]), "data": Rows(x, y)}


@breaks("RE403")
def f1_of_a_batch(broken):
    def f1(y_true, y_pred):
        hits = ops.sum(y_true * ops.round(y_pred))
        return 2 * hits / (ops.sum(y_true) + ops.sum(ops.round(y_pred)) + 1e-7)

    metric = f1 if broken else keras.metrics.F1Score(threshold=0.5)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(inputs))
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    y = (np.random.default_rng(1).random((32, 1)) > 0.6).astype("float32")
    model = compiled(model, "binary_crossentropy", metrics=[metric])
    return {"model": model, "data": (x, y), "fit": {"batch_size": 8}}


@breaks("RE403")
def state_that_is_overwritten(broken):
    class Error(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="error")
            self.total = self.add_variable((), "zeros", name="total")
            self.count = self.add_variable((), "zeros", name="count")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = ops.abs(y_true - y_pred)
            if broken:
                self.total.assign(ops.sum(error))
                self.count.assign(ops.cast(ops.size(error), "float32"))
            else:
                self.total.assign_add(ops.sum(error))
                self.count.assign_add(ops.cast(ops.size(error), "float32"))

        def result(self):
            return self.total / self.count

    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    y = np.random.default_rng(1).normal(size=(16, 1)).astype("float32")
    model = compiled(keras.Sequential([keras.Input((4,)), layers.Dense(1)]), metrics=[Error()])
    return {"model": model, "data": (x, y), "fit": {"batch_size": 8}}


@breaks("RE403")
def accuracy_of_a_batch_by_output(broken):
    def hits(y_true, y_pred):
        same = ops.equal(ops.cast(ops.squeeze(y_true, -1), "int32"), ops.argmax(y_pred, axis=-1))
        same = ops.cast(same, "float32")
        return ops.mean(same) if broken else same

    inputs = keras.Input((4,))
    heads = {
        "kind": layers.Dense(3, activation="softmax", name="kind")(inputs),
        "size": layers.Dense(1, name="size")(inputs),
    }
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    model = compiled(keras.Model(inputs, heads), losses, metrics={"kind": [hits], "size": ["mae"]})
    x = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    y = {"kind": np.arange(20)[:, None] % 3, "size": x[:, :1]}
    return {"model": model, "data": (x, y), "fit": {"batch_size": 8}}


# RE405: the loss counts padded steps


def tagger(*last, mask=True, classes=3):
    stack = [keras.Input((None,), dtype="int32"), layers.Embedding(9, 4, mask_zero=mask)]
    stack += [layers.GRU(4, return_sequences=True), *last]
    return keras.Sequential([*stack, layers.Dense(classes, activation="softmax")])


@breaks("RE405")
def tags_without_a_mask(broken):
    model = compiled(tagger(mask=not broken), "sparse_categorical_crossentropy")
    return {"model": model, "data": (ids(), ids() % 3)}


@breaks("RE405")
def weights_that_are_forgotten(broken):
    x, real = vectors(), (np.arange(7) < np.array([[7], [2], [5], [3]])).astype("float32")
    y = (x.sum(axis=2, keepdims=True) > 0) * 1.0
    data = Rows(x, y, size=2) if broken else Rows(x, y, real, size=2)
    inputs = keras.Input((None, 3))
    h = layers.LSTM(4, return_sequences=True)(inputs)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(h))
    return {"model": compiled(model, "binary_crossentropy"), "data": data}


@breaks("RE405")
def own_loss_without_its_mask(broken):
    def cross(y_true, y_pred):
        values = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        if broken:
            return values
        real = ops.cast(ops.not_equal(y_true, 0), values.dtype)
        return ops.sum(values * real, axis=-1) / ops.sum(real, axis=-1)

    return {"model": compiled(tagger(mask=False, classes=9), cross), "data": (ids(), ids())}


@breaks("RE405")
def translation_of_padded_sentences(broken):
    class Translator(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = layers.Embedding(9, 4, mask_zero=True)
            self.encode, self.decode = layers.GRU(4), layers.GRU(4, return_sequences=True)
            self.repeat, self.answer = layers.RepeatVector(6), layers.Dense(9)

        def call(self, x):
            return self.answer(self.decode(self.repeat(self.encode(self.embed(x)))))

    y = ids((3, 6, 2, 4), 6, seed=1)
    loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=None if broken else 0
    )
    return {"model": compiled(Translator(), loss), "data": (ids(), y)}


@breaks("RE405")
def decoder_drops_its_mask(broken):
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    embed = layers.Embedding(9, 4, mask_zero=True)
    state = layers.GRU(4)(embed(source))
    h = layers.GRU(4, return_sequences=True)(embed(target), initial_state=state)
    h = ops.tanh(h) if broken else layers.Activation("tanh")(h)
    model = keras.Model({"source": source, "target": target}, layers.Dense(9)(h))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x = {"source": ids(seed=1), "target": ids((3, 6, 2, 4), 6, seed=2)}
    y = np.concatenate([x["target"][:, 1:], np.zeros((4, 1), "int64")], axis=1)
    return {"model": compiled(model, loss), "data": (x, y)}


@breaks("RE405")
def one_of_two_heads_is_unmasked(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    h = layers.SimpleRNN(4, return_sequences=True)(h)
    heads = [layers.Dense(3, name="tags")(h), layers.Dense(1, name="size")(h + 0 if broken else h)]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = compiled(keras.Model(inputs, heads), [loss, "mse"])
    y = (ids() % 3, ids()[..., None].astype("float32"))
    return {"model": model, "data": (ids(), y)}


@breaks("RE405")
def targets_padded_with_nan(broken):
    x = vectors()
    y = np.where(x[..., :1] == 0, np.nan if broken else 0, x[..., :1])
    h = [layers.Masking(), layers.SimpleRNN(4, return_sequences=True), layers.Dense(1)]
    return {"model": compiled(keras.Sequential([keras.Input((None, 3)), *h])), "data": (x, y)}


# RE404: a metric counts what the loss leaves out


@breaks("RE404")
def filler_rows_in_a_metric(broken):
    x = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
    y, real = x[:, :1] * 3, (np.arange(24) < 21).astype("float32")
    kept = {"metrics" if broken else "weighted_metrics": ["mae"]}
    model = compiled(keras.Sequential([keras.Input((4,)), layers.Dense(1)]), **kept)
    return {"model": model, "data": Rows(x[16:], y[16:], real[16:])}


@breaks("RE404")
def one_number_under_a_mask(broken):
    def hits(y_true, y_pred):
        same = ops.cast(ops.equal(ops.cast(y_true, "int32"), ops.argmax(y_pred, -1)), "float32")
        return ops.mean(same) if broken else same

    model = compiled(tagger(), "sparse_categorical_crossentropy", metrics=[hits])
    return {"model": model, "data": (ids(), ids() % 3)}


@breaks("RE404")
def labels_that_only_the_loss_skips(broken):
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    model = tagger(mask=False)
    x, y = ids(), np.where(ids() == 0, -1, ids() % 3)
    if broken:
        return {"model": compiled(model, loss, metrics=["accuracy"]), "data": (x, y)}

    def hits(y_true, y_pred):
        real = ops.cast(ops.not_equal(y_true, -1), "float32")
        same = ops.cast(ops.equal(ops.cast(y_true, "int32"), ops.argmax(y_pred, -1)), "float32")
        return ops.sum(same * real, axis=-1) / ops.sum(real, axis=-1)

    return {"model": compiled(model, loss, metrics=[hits]), "data": (x, y)}


@breaks("RE404")
def own_metric_without_weights(broken):
    class Error(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="error")
            self.total = self.add_variable((), "zeros", name="total")
            self.count = self.add_variable((), "zeros", name="count")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = ops.mean(ops.abs(y_true - y_pred), axis=-1)
            weight = ops.ones_like(error) if broken else ops.cast(sample_weight, "float32")
            self.total.assign_add(ops.sum(error * weight))
            self.count.assign_add(ops.sum(weight))

        def result(self):
            return self.total / self.count

    x, real = vectors(), (np.arange(7) < np.array([[7], [2], [5], [3]])).astype("float32")
    inputs = keras.Input((None, 3))
    h = layers.LSTM(4, return_sequences=True)(inputs)
    model = compiled(keras.Model(inputs, layers.Dense(1)(h)), weighted_metrics=[Error()])
    return {"model": model, "data": (x, x[..., :1], real)}


# RE406: accumulated gradients are left over


def accumulating(every, optimizer=keras.optimizers.Adam):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile(optimizer(gradient_accumulation_steps=every), "mse")
    return model


@breaks("RE406")
def batches_that_do_not_fill_an_accumulation(broken):
    x = np.random.default_rng(0).normal(size=(72 if broken else 64, 4)).astype("float32")
    return {"model": accumulating(4), "data": Rows(x, x[:, :1]), "fit": {"epochs": 2}}


@breaks("RE406")
def steps_per_epoch_between_updates(broken):
    def batches():
        while True:
            yield np.ones((4, 4), "float32"), np.ones((4, 1), "float32")

    fit = {"steps_per_epoch": 10 if broken else 9, "epochs": 3}
    return {"model": accumulating(3), "data": batches, "fit": fit}


@breaks("RE406")
def short_batch_in_an_accumulation(broken):
    x = np.random.default_rng(0).normal(size=(50 if broken else 64, 4)).astype("float32")
    fit = {"batch_size": 16, "epochs": 2}
    return {"model": accumulating(2, keras.optimizers.SGD), "data": (x, x[:, :1]), "fit": fit}


@breaks("RE406", tensorflow=True)
def accumulation_in_a_dataset(broken):
    import tensorflow as tf

    x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).shuffle(40).batch(8)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dense(3, activation="relu")(inputs)))
    optimizer = keras.optimizers.RMSprop(gradient_accumulation_steps=2 if broken else 5)
    model.compile(keras.optimizers.LossScaleOptimizer(optimizer), "mse")
    return {"model": model, "data": data, "fit": {"epochs": 4}}


# RE407: class weights that do not fit


def classifier(classes=3, loss="sparse_categorical_crossentropy"):
    inputs = keras.Input((4,))
    act = "softmax" if classes > 1 else "sigmoid"
    return compiled(keras.Model(inputs, layers.Dense(classes, activation=act)(inputs)), loss)


X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")


@breaks("RE407")
def class_weights_counted_from_one(broken):
    weights = {k + broken: w for k, w in enumerate((1.0, 2.0, 4.0))}
    fit = {"class_weight": weights, "batch_size": 6}
    return {"model": classifier(), "data": (X, np.arange(12) % 3), "fit": fit}


@breaks("RE407")
def class_weights_without_a_class(broken):
    weights = {0: 1.0, 2: 4.0} if broken else {0: 1.0, 1: 1.0, 2: 4.0}
    data = Rows(X, np.eye(3)[np.arange(12) % 3], size=6)
    model = classifier(loss="categorical_crossentropy")
    return {"model": model, "data": data, "fit": {"class_weight": weights}}


@breaks("RE407")
def class_weights_of_several_labels(broken):
    y = (X[:, :3] > 0.2).astype("float32") if broken else np.eye(3)[np.arange(12) % 3]
    loss = "binary_crossentropy" if broken else "categorical_crossentropy"
    fit = {"class_weight": {0: 1.0, 1: 2.0, 2: 4.0}}
    return {"model": classifier(loss=loss), "data": (X, y), "fit": fit}


@breaks("RE407")
def class_weights_of_two_outputs(broken):
    inputs = keras.Input((4,))
    heads = [layers.Dense(3, activation="softmax")(inputs), layers.Dense(1)(inputs)]
    model = keras.Model(inputs, heads if broken else heads[0])
    loss = "sparse_categorical_crossentropy"
    y = np.arange(12) % 3
    fit = {"class_weight": {0: 1.0, 1: 2.0, 2: 4.0}}
    if broken:
        return {"model": compiled(model, [loss, "mse"]), "data": (X, (y, X[:, :1])), "fit": fit}
    return {"model": compiled(model, loss), "data": (X, y), "fit": fit}


@breaks("RE407")
def class_weights_of_one_hot_steps(broken):
    x, y = vectors((7, 7, 7, 7)), ids((7, 7, 7, 7)) % 3
    h = [layers.LSTM(3, return_sequences=True), layers.Dense(3, activation="softmax")]
    model = compiled(keras.Sequential([keras.Input((None, 3)), *h]), "categorical_crossentropy")
    weights = {0: 1.0, 1: 2.0, 2: 4.0}
    if broken:
        return {"model": model, "data": (x, np.eye(3)[y]), "fit": {"class_weight": weights}}
    return {"model": model, "data": (x, np.eye(3)[y], np.vectorize(weights.get)(y))}


@breaks("RE407")
def class_weights_with_a_generator(broken):
    weights = {0: 1.0, 1: 3.0}

    def batches():
        while True:
            y = (X[:, :1] > 0) * 1.0
            yield (X, y) if broken else (X, y, np.vectorize(weights.get)(y[:, 0]))

    fit = {"steps_per_epoch": 3} | ({"class_weight": weights} if broken else {})
    return {"model": classifier(1, "binary_crossentropy"), "data": batches, "fit": fit}


@breaks("RE407", tensorflow=True)
def class_weights_of_labels_in_a_dataset(broken):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((X, np.arange(12) % 3)).batch(6)
    weights = {0: 1.0, 1: 2.0} | ({} if broken else {2: 4.0})
    return {"model": classifier(), "data": data, "fit": {"class_weight": weights}}
