"""Odd cases of the rules of the call: what they do not find, cannot tell, or say of numbers."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import warnings

import keras
import numpy as np
import pytest
from audit_programs import Rows, compiled, dense
from keras import layers

from helpers.auditing import audit
from helpers.auditing.rules.steps_and_batches import steps_of_epochs
from helpers.auditing.shapes import is_sample, taken

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]
BACKEND = keras.backend.backend()


def verdict(report):
    """The only rule's outcome: codes found, or the word and the reason."""
    if report.findings:
        return [finding.code for finding in report.findings]
    if report.undecided:
        return f"undecided: {report.undecided[0].why}"
    return f"passed: {report.passed[0].why}"


def rows(n, *shape):
    return np.ones((n, *shape), "float32")


# RE301 and RE302


@pytest.mark.parametrize(
    ("have", "want", "takes", "sample"),
    [
        ((4,), (None, 4), False, True),
        ((7, 4), (None, 4), True, False),
        ((5,), (None, 1), True, False),  # Keras adds the last axis
        ((), (None, 1), False, True),
        ((8, 8, 1), (None, 8, 8, 1), False, True),
        ((6, 8, 8), (None, 8, 8, 1), True, False),
        ((8, 8), (None, 8, 8, 1), False, True),
        ((6, 4, 1), (None, 4), True, False),  # and drops it
        ((5, 3), (None, None, 3), False, True),
        ((5, 2), (None, None, 3), False, False),  # wrong in another way
    ],
)
def test_shapes_of_batches_and_of_samples(have, want, takes, sample):
    assert (taken(have, want), is_sample(have, want)) == (takes, sample)
    if None not in have and not sample and takes:
        inputs = keras.Input(want[1:])
        assert keras.Model(inputs, layers.Flatten()(inputs))(np.ones(have, "float32")).shape[0]


def test_keras_adds_a_last_axis_so_that_rows_are_no_sample():
    x, y = np.linspace(0, 1, 8), np.ones(8)
    model = compiled(keras.Sequential([keras.Input((1,)), layers.Dense(1)]))
    assert verdict(audit(model, (x, y), select="RE301")) == "passed: "
    assert verdict(audit(model, (x, y), select="RE302")) == "passed: "
    pictures = compiled(keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten()]))
    assert verdict(audit(pictures, rows(8, 8, 8), select=["RE301"])) == "passed: "


def test_as_many_rows_as_steps_are_no_fault():
    model = compiled(keras.Sequential([keras.Input((6, 3)), layers.LSTM(1)]))
    for code in ("RE301", "RE302"):
        assert verdict(audit(model, (rows(6, 6, 3), rows(6, 1)), select=code)) == "passed: "


def test_one_sample_for_fit_is_no_number_of_rows():
    model = compiled(keras.Sequential([keras.Input((6, 3)), layers.LSTM(2)]))
    report = audit(model, (rows(6, 3), rows(2)), select="RE30")
    assert verdict(report) == ["RE301"]
    assert report.errors[0].measured.startswith("shape (6, 3), 2 axes; the model's input (None, 6,")
    assert verdict(audit(model, (rows(6, 3), rows(6, 2)), select="RE30")) == ["RE302"]


def test_subclass_declares_no_shapes_and_is_tried():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.rnn = layers.LSTM(2)

        def call(self, x):
            return self.rnn(x)

    given = {"data": (rows(4, 5, 3), rows(4, 2)), "predict": rows(5, 3)}
    report = audit(compiled(Own()), **given, select="RE301")
    assert report.errors[0].measured == "shape (5, 3) raises, (1, 5, 3) does not"
    given["predict"] = rows(2, 5, 7)  # refused in both ways
    assert verdict(audit(compiled(Own()), **given, select="RE301")) == "passed: "
    why = "passed: the model declares no shapes of its inputs"
    assert verdict(audit(compiled(Own()), **given, select="RE302")) == why


def test_texts_are_no_samples_of_ids():
    model = compiled(
        keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4), layers.GRU(1)])
    )
    texts = np.array(["a b", "c"] * 4, object)
    assert verdict(audit(model, (texts, rows(8, 1)), select="RE301")) == "passed: "


def test_generator_object_gives_no_shape():
    given = (batch for batch in [(rows(2, 4), rows(2, 1))])
    assert verdict(audit(dense(), given, select="RE301")).startswith("undecided: data gives no")


# RE102


def test_generator_for_validation_is_read_in_each_epoch_that_is_validated():
    x, y = rows(8, 4), rows(8, 1)

    def found(**fit):
        fit["validation_data"] = (pair for pair in [(x, y)])
        return audit(dense(), (x, y), fit={"epochs": 2, **fit}, select="RE102")

    assert found().errors[0].where == "validation"
    assert found().errors[0].measured == "read 2 times; batches unknown"
    assert verdict(found(validation_freq=2)) == "passed: "
    assert verdict(found(validation_freq=[1])) == "passed: "
    assert verdict(found(initial_epoch=1)) == "passed: "
    assert verdict(found(validation_steps=1)).startswith("undecided: validation is a generator")


# RE303


class Steps(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.counts = [*getattr(self, "counts", []), 0]

    def on_train_batch_end(self, batch, logs=None):
        self.counts[-1] += 1


@pytest.mark.parametrize("steps", [1, 3, 4, 5, 6])
def test_steps_of_epochs_are_those_of_fit(steps):
    counting = Steps()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*ran out of data")
        data = Rows(rows(5, 4), rows(5, 1), size=1)
        dense().fit(data, steps_per_epoch=steps, epochs=4, callbacks=[counting], verbose=0)
    assert counting.counts == steps_of_epochs(5, steps, 4)


@pytest.mark.parametrize("steps", [3, 5])
def test_steps_of_epochs_of_unknown_length_are_those_of_fit(steps):
    tf = pytest.importorskip("tensorflow")
    counting = Steps()
    data = tf.data.Dataset.from_tensor_slices((rows(5, 4), rows(5, 1))).batch(1)
    data = data.filter(lambda x, y: True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*ran out of data")
        warnings.filterwarnings("ignore", message=".*shuffle=True")
        dense().fit(data, steps_per_epoch=steps, epochs=4, callbacks=[counting], verbose=0)
    assert counting.counts == steps_of_epochs(5, steps, 4, known=False)
    found = audit(dense(), data, fit={"steps_per_epoch": steps, "epochs": 4}, select="RE303")
    assert verdict(found) == ["RE303"]


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        ({}, "passed: `fit` is told no number of steps"),
        ({"steps_per_epoch": 2, "epochs": 3}, ["RE303"]),  # 2, 2, 1
        ({"steps_per_epoch": 2, "epochs": 2}, "passed: "),
        ({"steps_per_epoch": 5, "epochs": 9}, "passed: "),
        ({"steps_per_epoch": 6}, ["RE303"]),
        ({"steps_per_epoch": 4}, ["RE303"]),
        ({"steps_per_epoch": 1, "epochs": 4}, "passed: "),
        ({"validation_steps": 2}, "passed: "),  # fewer on purpose
        ({"validation_steps": 4}, ["RE303"]),
        ({"validation_steps": 5}, "passed: "),
        ({"validation_steps": 9}, ["RE303"]),
    ],
)
def test_steps_and_batches(fit, said):
    data = Rows(rows(10, 4), rows(10, 1), size=2)
    assert verdict(audit(dense(), data, validation=data, fit=fit, select="RE303")) == said


def test_validation_steps_counted_in_batches_of_the_training():
    data = rows(64, 4), rows(64, 1)
    validation = Rows(rows(64, 4), rows(64, 1), size=1)
    given = {"data": data, "validation": validation, "select": "RE303"}
    report = audit(dense(), **given, fit={"validation_steps": 64 // 32})
    assert report.errors[0].measured == "validation_steps=2; 64 batches"
    assert verdict(audit(dense(), **given, fit={"validation_steps": 10})) == "passed: "


def test_batches_of_unknown_number():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((rows(40, 4), rows(40, 1))).batch(1)
    data = data.filter(lambda x, y: True)
    report = audit(dense(), data, fit={"steps_per_epoch": 7}, select="RE303")
    assert "not known; give batches=" in report.undecided[0].why
    report = audit(dense(), data.repeat(), fit={"steps_per_epoch": 7}, select="RE303", rows=40)
    assert report.findings == ()


# RE304


def test_size_that_agrees_or_is_for_arrays_is_no_fault():
    fit = {"batch_size": 8}
    assert verdict(audit(dense(), Rows(rows(20, 4), rows(20, 1)), fit=fit, select="RE304")) == (
        "passed: "
    )
    why = "passed: `fit` is given no size of batches, or arrays, which it cuts"
    assert verdict(audit(dense(), (rows(20, 4), rows(20, 1)), fit=fit, select="RE304")) == why


def test_fit_ignores_the_size():
    counting = Steps()
    data = Rows(rows(20, 4), rows(20, 1), size=5)
    dense().fit(data, batch_size=20, callbacks=[counting], verbose=0)
    assert counting.counts == [4]
    report = audit(dense(), data, fit={"batch_size": 20}, select="RE304")
    assert report.warnings[0].measured == "batch_size=20; rows in the batches of data: 5"


def test_size_for_a_loader_is_ignored():
    torch = pytest.importorskip("torch")
    pairs = torch.utils.data.TensorDataset(torch.ones(10, 4), torch.ones(10, 1))
    data = torch.utils.data.DataLoader(pairs, batch_size=5)
    report = audit(dense(), data, fit={"batch_size": 20}, select="RE304")
    assert "data is a DataLoader and makes its own batches" in report.warnings[0].message


def test_size_for_a_generator_object_is_unknown():
    report = audit(dense(), (None for _ in "a"), fit={"batch_size": 4}, select="RE304")
    assert report.warnings[0].measured.endswith(
        "rows in the batches of data: unknown, since it was not read"
    )


# RE305


def per_step(steps=5, loss="mse"):
    return compiled(keras.Sequential([keras.Input((steps, 3)), layers.Dense(1)]), loss)


@pytest.mark.parametrize("shape", [(6, 1), (6, 5), (6, 5, 1)])
def test_weights_that_reach_the_steps_are_right(shape):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 5, 3)), rng.normal(size=(6, 5, 1))
    report = audit(per_step(), (x, y, np.ones(shape)), select="RE305")
    assert verdict(report) == "passed: no weights of rows or classes are given"


def test_weights_of_rows_for_a_loss_of_rows_are_right():
    rng = np.random.default_rng(0)
    model = compiled(keras.Sequential([keras.Input((5, 3)), layers.LSTM(4)]))
    data = rng.normal(size=(6, 5, 3)), rng.normal(size=(6, 4)), np.arange(6.0)
    assert verdict(audit(model, data, select="RE305")) == "passed: "
    classes = compiled(
        keras.Sequential([keras.Input((5, 3)), layers.LSTM(4), layers.Softmax()]),
        "sparse_categorical_crossentropy",
    )
    data = data[0], rng.integers(0, 4, 6)
    fit = {"class_weight": {0: 2.0, 1: 1.0}}
    assert verdict(audit(classes, data, fit=fit, select="RE305")) == "passed: "


def test_loss_of_as_many_steps_as_rows_is_measured():
    rng = np.random.default_rng(0)
    x, y, weight = rng.normal(size=(5, 5, 3)), rng.normal(size=(5, 5, 1)), np.arange(1.0, 6)
    model = per_step()
    model.compile("sgd", "mse", run_eagerly=BACKEND != "jax")  # weights of two shapes
    report = audit(model, (x, y, weight), select="RE305")
    wrong, right = (
        model.evaluate(x, y, sample_weight=w, verbose=0) for w in (weight, weight[:, None])
    )
    assert report.errors[0].measured == f"loss {wrong:.4g}; with weights (5, 1) {right:.4g}"
    report = audit(model, (x[:4], y[:4], weight[:4]), select="RE305")
    assert report.errors[0].measured.startswith("weights (4,) raise")


def test_loss_that_raises_by_itself_is_undecided():
    x, y = rows(6, 5, 3), rows(6, 7, 2)
    report = audit(per_step(), (x, y, np.arange(6.0)), select="RE305")
    assert verdict(report) == "undecided: the loss raises without weights too"


def test_fit_with_class_weight_and_targets_of_steps_raises():
    rng = np.random.default_rng(0)
    model = per_step(loss="binary_crossentropy")
    with pytest.raises(Exception, match=r".+"):
        model.fit(
            rows(6, 5, 3), rng.integers(0, 2, (6, 5, 1)), class_weight={0: 1, 1: 9}, verbose=0
        )


# RE306


def windows(stateful=True, **batch):
    inputs = keras.Input((5, 3), **({"batch_size": 4} if stateful else {}))
    return compiled(keras.Model(inputs, layers.LSTM(1, stateful=stateful)(inputs)))


class Resets(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.model.layers[1].reset_state()


@pytest.mark.skipif(BACKEND != "tensorflow", reason="fit does not carry the states on")
def test_order_of_windows():
    data = rows(16, 5, 3), rows(16, 1)
    fit = {"batch_size": 4, "shuffle": True}
    assert verdict(audit(windows(), data, fit=fit, select="RE306")) == ["RE306"]
    why = "passed: no layer keeps its state"
    assert verdict(audit(windows(False), data, fit=fit, select="RE306")) == why
    said = verdict(audit(windows(), data, fit=fit | {"callbacks": [Resets()]}, select="RE306"))
    assert said.startswith("undecided: a callback acts on each batch")
    fit["callbacks"] = [keras.callbacks.TerminateOnNaN()]
    assert verdict(audit(windows(), data, fit=fit, select="RE306")) == ["RE306"]
    one = rows(4, 5, 3), rows(4, 1)
    assert verdict(audit(windows(), one, fit={}, select="RE306")) == "passed: there is one batch"
    assert verdict(audit(windows(), one, fit={"epochs": 2}, select="RE306")) == ["RE306"]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="fit does not carry the states on")
def test_states_are_left_as_they_were():
    model = windows()
    model(rows(4, 5, 3))
    before = [np.array(keras.ops.convert_to_numpy(s)) for s in model.layers[1].states]
    audit(model, (rows(16, 5, 3), rows(16, 1)), fit={"batch_size": 4}, select="RE306")
    after = [keras.ops.convert_to_numpy(s) for s in model.layers[1].states]
    assert np.array_equal(before, after)


def test_data_that_fit_does_not_shuffle_keeps_its_order():
    def batches():
        for _ in range(3):
            yield rows(4, 5, 3), rows(4, 1)

    report = audit(windows(), batches, fit={"steps_per_epoch": 3}, select="RE306")
    said = "passed: `fit` does not shuffle this data"
    assert BACKEND != "tensorflow" or verdict(report) == said
