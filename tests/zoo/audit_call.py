"""Programs whose fault is in the call: of ``fit``, its steps, its sizes, its data."""

import math

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled, dense, ids
from keras import layers

# RE102: a generator for validation ends


@breaks("RE102")
def validation_generator_of_one_epoch(broken):
    x = np.ones((20, 4), "float32")

    def batches():
        while True:
            for i in range(0, 20, 5):
                yield x[i : i + 5], x[i : i + 5, :1]
            if broken:
                return

    fit = {"epochs": 3, "validation_steps": 4}
    return {"model": dense(), "data": (x, x[:, :1]), "validation": batches, "fit": fit}


# RE104: the batch axis is fixed


@breaks("RE104")
def held_out_rows_make_a_tail(broken):
    inputs = keras.Input((4,), batch_size=4)
    model = compiled(keras.Model(inputs, layers.Dense(1)(inputs)))
    x, y = np.ones((20, 4), "float32"), np.ones((20, 1), "float32")
    fit = {"batch_size": 4, "validation_split": 0.3 if broken else 0.2}
    return {"model": model, "data": (x, y), "fit": fit}


# RE301: no axis of rows


@breaks("RE301")
def prediction_of_the_first_picture(broken):
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(layers.Conv2D(2, 3)(inputs))))
    x, y = np.ones((6, 8, 8, 1), "float32"), np.ones((6, 2), "float32")
    return {"model": compiled(model), "data": (x, y), "predict": x[0] if broken else x[:1]}


@breaks("RE301", tensorflow=True)
def dataset_without_batches(broken):
    import tensorflow as tf

    x, y = np.ones((12, 4), "float32"), np.ones((12, 1), "float32")
    data = tf.data.Dataset.from_tensor_slices((x, y))
    return {"model": dense(), "data": data if broken else data.batch(4)}


@breaks("RE301")
def subclass_asked_for_one_row_of_ids(broken):
    class Reader(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.rnn = layers.Embedding(9, 4, mask_zero=True), layers.GRU(3)

        def call(self, x):
            return self.rnn(self.embed(x))

    x = ids()
    asked = x[0] if broken else x[:1]
    data = x, np.ones((4, 3), "float32")
    return {"model": compiled(Reader()), "data": data, "predict": asked}


@breaks("RE301")
def generator_of_single_rows(broken):
    def batches():
        for _ in range(5):
            x, y = np.ones((5, 3), "float32"), np.ones((1,), "float32")
            yield (x, y) if broken else (x[None], y[None])

    model = compiled(keras.Sequential([keras.Input((5, 3)), layers.LSTM(1)]))
    return {"model": model, "data": batches, "fit": {"steps_per_epoch": 5}}


@breaks("RE301")
def one_of_two_inputs_by_name(broken):
    a, b = keras.Input((4,), name="a"), keras.Input((5, 3), name="b")
    h = layers.Concatenate()([a, layers.LSTM(2)(b)])
    model = compiled(keras.Model({"a": a, "b": b}, layers.Dense(1)(h)))
    x = {"a": np.ones((6, 4), "float32"), "b": np.ones((6, 5, 3), "float32")}
    asked = {name: one[0] if broken else one[:1] for name, one in x.items()}
    return {"model": model, "data": (x, np.ones((6, 1), "float32")), "evaluate": asked}


# RE302: the number of rows is part of a shape


@breaks("RE302")
def rnn_with_the_shape_of_all_rows(broken):
    x, y = np.ones((30, 5, 3), "float32"), np.ones((30, 1), "float32")
    inputs = keras.Input(x.shape if broken else x.shape[1:])
    h = layers.Reshape((5, 3))(inputs) if not broken else layers.Reshape((150, 3))(inputs)
    return {"model": compiled(keras.Model(inputs, layers.LSTM(1)(h))), "data": (x, y)}


@breaks("RE302")
def rows_in_place_of_the_steps(broken):
    x, y = np.ones((30, 5, 3), "float32"), np.ones((30, 1), "float32")
    shape = x.shape[0 if broken else 1], x.shape[2]
    model = compiled(keras.Sequential([keras.Input(shape), layers.LSTM(1)]))
    return {"model": model, "data": (x, y)}


@breaks("RE302")
def regression_on_one_number(broken):
    x = np.linspace(0, 1, 40, dtype="float32")
    model = keras.Sequential([keras.Input((len(x) if broken else 1,)), layers.Dense(1)])
    return {"model": compiled(model), "data": (x, 2 * x)}


# RE303: steps and batches


@breaks("RE303")
def steps_that_are_rows(broken):
    x, y = np.ones((40, 4), "float32"), np.ones((40, 1), "float32")
    fit = {"batch_size": 8, "steps_per_epoch": len(x) if broken else len(x) // 8, "epochs": 3}
    return {"model": dense(), "data": (x, y), "fit": fit}


@breaks("RE303")
def validation_steps_rounded_down(broken):
    x, y = np.ones((30, 4), "float32"), np.ones((30, 1), "float32")
    steps = len(x) // 8 if broken else math.ceil(len(x) / 8)
    fit = {"validation_steps": steps, "epochs": 2}
    return {"model": dense(), "data": Rows(x, y), "validation": Rows(x, y), "fit": fit}


@breaks("RE303", tensorflow=True)
def steps_that_do_not_go_into_a_dataset(broken):
    import tensorflow as tf

    x, y = np.ones((40, 4), "float32"), np.ones((40, 1), "float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    data = data if broken else data.repeat()
    return {"model": dense(), "data": data, "fit": {"steps_per_epoch": 3, "epochs": 4}}


@breaks("RE303", tensorflow=True)
def rows_as_steps_of_an_endless_dataset(broken):
    import tensorflow as tf

    x, y = np.ones((40, 4), "float32"), np.ones((40, 1), "float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8).repeat()
    steps = len(x) if broken else len(x) // 8
    return {"model": dense(), "data": data, "rows": 40, "fit": {"steps_per_epoch": steps}}


# RE304: a size of batches that is ignored


@breaks("RE304")
def size_for_a_dataset_by_index(broken):
    data = Rows(np.ones((40, 4), "float32"), np.ones((40, 1), "float32"))
    return {"model": dense(), "data": data, "fit": {"batch_size": 32} if broken else {}}


@breaks("RE304", tensorflow=True)
def size_for_a_tf_dataset(broken):
    import tensorflow as tf

    x, y = np.ones((40, 4), "float32"), np.ones((40, 1), "float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    return {"model": dense(), "data": data, "fit": {"batch_size": 16 if broken else 8}}


@breaks("RE304")
def size_for_validation_batches(broken):
    x, y = np.ones((40, 4), "float32"), np.ones((40, 1), "float32")
    fit = {"batch_size": 20, "validation_batch_size": 40 if broken else 8}
    return {"model": dense(), "data": (x, y), "validation": Rows(x, y), "fit": fit}


@breaks("RE304")
def size_for_a_generator(broken):
    def batches():
        while True:
            yield np.ones((8, 4), "float32"), np.ones((8, 1), "float32")

    fit = {"steps_per_epoch": 5, **({"batch_size": 128} if broken else {})}
    return {"model": dense(), "data": batches, "fit": fit}


# RE305: weights of rows for a loss for each step


def tagger(steps, classes=3, loss="sparse_categorical_crossentropy"):
    inputs = keras.Input((steps, 3))
    h = layers.Dense(classes, activation="softmax")(layers.LSTM(4, return_sequences=True)(inputs))
    return compiled(keras.Model(inputs, h), loss)


@breaks("RE305")
def weights_of_as_many_rows_as_steps(broken):
    rng = np.random.default_rng(0)
    x, y, weight = rng.normal(size=(8, 8, 3)), rng.integers(0, 3, (8, 8)), np.arange(1.0, 9)
    weight = weight if broken else np.repeat(weight[:, None], 8, axis=1)
    return {"model": tagger(8), "data": (x, y, weight)}


@breaks("RE305")
def weights_of_fewer_rows_than_steps(broken):
    rng = np.random.default_rng(0)
    weight = np.arange(1.0, 7)
    data = Rows(
        rng.normal(size=(6, 7, 3)).astype("float32"),
        rng.integers(0, 3, (6, 7)),
        weight if broken else weight[:, None],
        size=3,
    )
    return {"model": tagger(7), "data": data}


@breaks("RE305")
def class_weight_for_targets_of_steps(broken):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 5, 3)), rng.integers(0, 3, (8, 5, 1))
    weights = {0: 1.0, 1: 5.0, 2: 2.0}
    if broken:
        return {"model": tagger(5), "data": (x, y), "fit": {"class_weight": weights}}
    return {"model": tagger(5), "data": (x, y, np.vectorize(weights.get)(y[:, :, 0]))}


@breaks("RE305")
def weights_of_rows_beside_those_of_steps(broken):
    rng = np.random.default_rng(0)
    inputs = keras.Input((5, 3))
    heads = {
        "step": layers.Dense(1, name="step")(inputs),
        "row": layers.Dense(1, name="row")(layers.GlobalMaxPooling1D()(inputs)),
    }
    model = compiled(keras.Model(inputs, heads), {"step": "mse", "row": "mse"})
    x, row = rng.normal(size=(6, 5, 3)), np.arange(1.0, 7)
    y = {"step": rng.normal(size=(6, 5, 1)), "row": rng.normal(size=(6, 1))}
    weight = {"step": row if broken else row[:, None], "row": row}
    return {"model": model, "data": (x, y, weight)}


# RE306: what a stateful layer reads is shuffled


def stateful(rnn=layers.LSTM, rows=4):
    inputs = keras.Input(batch_shape=(rows, 5, 3))
    return compiled(keras.Model(inputs, layers.Dense(1)(rnn(3, stateful=True)(inputs))))


@breaks("RE306")
def windows_of_arrays(broken):
    x, y = np.ones((16, 5, 3), "float32"), np.ones((16, 1), "float32")
    fit = {"batch_size": 4, "epochs": 2, "shuffle": broken}
    return {"model": stateful(), "data": (x, y), "fit": fit}


@breaks("RE306")
def windows_of_a_dataset_by_index(broken):
    data = Rows(np.ones((16, 5, 3), "float32"), np.ones((16, 1), "float32"), size=4)
    fit = {} if broken else {"shuffle": False}
    # On TensorFlow, Keras 3.13 refuses this data with a stateful GRU: keras-fault says so.
    return {"model": stateful(layers.GRU), "data": data, "fit": fit, "select": "RE3"}


@breaks("RE306")
def stateful_layer_in_both_directions(broken):
    inputs = keras.Input(batch_shape=(4, 5, 3))
    h = layers.Bidirectional(layers.SimpleRNN(2, stateful=True))(inputs)
    model = compiled(keras.Model(inputs, layers.Dense(1)(h)))
    data = np.ones((16, 5, 3), "float32"), np.ones((16, 1), "float32")
    return {"model": model, "data": data, "fit": {"shuffle": broken, "batch_size": 4}}
