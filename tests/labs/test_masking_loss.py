"""The lab on padding and masking: the loss that its last task asks for, right and wrong."""

import functools

import keras
import lab_runs
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from helpers import masking

pytestmark = pytest.mark.slow

untouched = lab_runs.fixture("masking")
right = functools.partial(lab_runs.right, "masking")
wrong = functools.partial(lab_runs.wrong, "masking")


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


@pytest.fixture(scope="module")
def rows(names):
    return names["rows"]


def loss_of(value):
    """A loss whose batch's value is `value(error, real)`, both `(batch, time)`."""

    class Own(keras.losses.Loss):
        def __call__(self, y_true, y_pred, sample_weight=None):
            real = ops.cast(y_pred._keras_mask, "float32")
            return value(ops.square(y_true - y_pred)[..., 0], real)

    return Own()


def per_row(error, real):
    return ops.sum(error * real, axis=1) / ops.sum(real, axis=1)


@pytest.fixture
def eager():
    """What is wrong is wrong without a graph too, and compiling one for every shape takes long."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


WRONG_LOSSES = {
    "mse": ("mse", "the batch axis: in one batch of 3 rows the loss is 1.0"),
    "all real steps of the batch": (
        loss_of(lambda error, real: ops.sum(error * real) / ops.sum(real)),
        "the batch axis: in one batch of 3 rows the loss is 1.0",
    ),
    "padded steps in the mean": (
        loss_of(lambda error, real: ops.mean(error * real)),
        "the time axis: padded to 16 steps the loss is",
    ),
    "no mask": (
        loss_of(lambda error, real: ops.mean(error)),
        "the time axis: padded to 16 steps the loss is",
    ),
    "sum over rows": (
        loss_of(lambda error, real: ops.sum(per_row(error, real))),
        "the batch axis: in one batch of 3 rows the loss is",
    ),
    "only neighbours": (
        loss_of(
            lambda error, real: ops.mean(
                per_row(error, real) + ops.cast(ops.shape(real)[0] == 2, "float32")
            )
        ),
        "the batch axis: in one batch of 3 rows the loss is",
    ),
    "a value per row": (
        lambda y_true, y_pred: ops.mean(ops.square(y_true - y_pred), axis=(1, 2)),
        "it returns (batch,), which Keras cannot multiply by the mask (batch, time): override",
    ),
    "constant": (
        loss_of(lambda error, real: ops.sum(0 * error)),
        "it does not depend on the batches, but expected 0.838",
    ),
    "sum over steps": (
        loss_of(lambda error, real: ops.mean(ops.sum(error * real, axis=1))),
        "it does not depend on the batches, but expected 0.838",
    ),
    "root": (
        loss_of(lambda error, real: ops.mean(per_row(ops.sqrt(error + 1e-7), real))),
        "it does not depend on the batches, but expected 0.838",
    ),
    "NaN": (
        loss_of(lambda error, real: ops.mean(error) * float("nan")),
        "in one batch of 3 rows the loss is nan, not a finite number.",
    ),
    "a name that there is not": (
        loss_of(lambda error, real: ops.mean(error * mask)),  # noqa: F821
        "it raises NameError: name 'mask' is not defined, in your line `loss_of(lambda error, real",
    ),
    "no return": (
        loss_of(lambda error, real: None),
        "expected a loss that returns a number, got None. Does it return what it computed?",
    ),
    "no loss": ("no such loss", "expected a loss: Could not interpret"),
    "nothing": (None, "expected a loss, got None."),
    "a class": (keras.losses.MeanSquaredError, "give an object of the class, not the class"),
}


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name", WRONG_LOSSES)
def test_wrong_losses(names, rows, name):
    loss, message = WRONG_LOSSES[name]
    assert wrong("loss", loss, rows=rows, targets=names["targets"]).startswith(message)


def test_the_labs_loss_is_wrong(names, rows):
    told = wrong("loss", names["EachRowAlike"](), rows=rows, targets=names["targets"])
    assert told.startswith("the batch axis: in one batch of 3 rows the loss is 1.0")


@pytest.mark.usefixtures("eager")
def test_a_loss_that_is_right_for_one_model_only_is_wrong(names, rows):
    targets = names["targets"]
    of_zeros = float(np.mean([np.square(target).mean() for target in targets]))
    told = wrong(
        "loss", loss_of(lambda e, r: ops.sum(0 * e) + of_zeros), rows=rows, targets=targets
    )
    assert told.startswith("it does not depend on the batches, but expected")
    assert f"expected {of_zeros:.4g}" not in told


def test_right_losses(names, rows, capsys):
    def as_function(y_true, y_pred):
        # Keras divides by the batch's real steps; what that loses is put back before.
        real = ops.cast(y_pred._keras_mask, "float32")
        back = ops.sum(real) / ops.cast(ops.shape(real)[0], "float32")
        steps = ops.sum(real, axis=1, keepdims=True)
        return ops.square(y_true - y_pred)[..., 0] * back / steps

    for loss in (as_function, masking.SequenceLoss("mse", per="row")):
        right("loss", loss, rows=rows, targets=names["targets"])
    assert capsys.readouterr().out.count("each row counts alike.") == 2


@pytest.mark.usefixtures("eager")
def test_each_step_alike_is_another_loss(names, rows):
    mean = float(np.mean(list(map(len, rows))))
    loss = masking.SequenceLoss("mse", per="step", mean_length=mean)
    told = wrong("loss", loss, rows=rows, targets=names["targets"])
    assert told.startswith(
        "it does not depend on the batches, but each step counts alike, not each"
    )


def test_a_loss_may_be_unfinished(names, rows, capsys):
    right("loss", loss_of(lambda error, real: ...), rows=rows, targets=names["targets"])
    assert capsys.readouterr().out == "masking/loss: not attempted\n"
