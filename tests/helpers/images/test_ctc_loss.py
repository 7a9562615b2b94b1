"""CTC over the real steps: the loss of a row does not depend on the padding around it."""

import itertools

import keras
import numpy as np
import pytest
from ctc_rows import (
    CLASSES,
    EXACT,
    LABELS,
    RNG,
    ROWS,
    STRINGS,
    End,
    forward,
    masked,
    padded,
    read,
    values,
)
from keras import layers, ops

from helpers.images.ctc import CTCLoss, ExactMatch, steps_needed
from helpers.keras_private import set_mask

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()


def gradient(loss, y_true, logits, mask=None, weights=None, **options):
    """The loss and its gradient with respect to the logits, from a step of a compiled model."""
    inputs = keras.Input(logits.shape[1:2])
    layer = Weights(logits.shape)
    outputs = layer(inputs)
    if mask is not None:
        marks = keras.Input(logits.shape[1:2], dtype="bool")
        inputs, outputs = [inputs, marks], End()(outputs, mask=marks)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(1.0), loss, **options)
    layer.kernel.assign(logits)
    x = np.zeros(logits.shape[:2], "float32")
    x = x if mask is None else [x, mask]
    value = model.train_on_batch(x, y_true, weights)
    return value, logits - ops.convert_to_numpy(layer.kernel)


class Weights(layers.Layer):
    """Its output is its weights, whatever goes in."""

    def __init__(self, shape):
        super().__init__()
        self.kernel = self.add_weight(shape=shape, initializer="zeros")

    def call(self, inputs):
        return self.kernel + 0.0 * inputs[..., None]

    def compute_output_shape(self, shape):
        return (*shape, self.kernel.shape[-1])


# The reference


def test_the_forward_algorithm_is_the_sum_over_all_paths():
    logits = RNG.normal(size=(5, 3))
    logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    chances = {}
    for path in itertools.product(range(3), repeat=5):
        string = tuple(read(path))
        chances[string] = chances.get(string, 0) + np.exp(logs[np.arange(5), path].sum())
    assert sum(chances.values()) == pytest.approx(1)
    for string, chance in chances.items():
        assert forward(logits, string) == pytest.approx(-np.log(chance))
        assert steps_needed([string])[0] <= 5
    assert forward(logits, [1, 1, 1, 1]) == np.inf


# What Keras does


def test_keras_counts_padded_steps():
    loss, row, label = keras.losses.CTC(), ROWS[0], LABELS[:1, :3]
    alone = loss(label, row[None])
    assert float(alone) == pytest.approx(EXACT[0], rel=1e-5)
    longer = loss(label, padded([row], 12)[0])
    assert float(longer) > float(alone) + 4
    x, mask = padded([row], 12)
    np.testing.assert_allclose(values(label, masked(x, mask)), EXACT[:1], rtol=1e-5)


@pytest.mark.parametrize(("rows", "steps"), [(3, 6), (2, 9)])
def test_keras_raises_on_a_mask(rows, steps):
    x, mask = padded([ROWS[0]] * rows, steps)
    with pytest.raises(Exception, match=r"(?i)shape|dimension|size"):
        keras.losses.CTC()(LABELS[[0] * rows], masked(x, mask))


@pytest.mark.parametrize(("rows", "steps"), [(6, 6), (1, 6)])
def test_keras_is_silent_on_a_mask_if_rows_are_as_many_as_steps_or_one(rows, steps):
    """There it multiplies the rows' values by the mask of steps, and padded steps still count."""
    x, mask = padded([row[:3] for row in [ROWS[0]] * rows], steps)
    label = LABELS[[1] * rows]
    wrong = float(keras.losses.CTC()(label, masked(x, mask)))
    assert wrong == pytest.approx(float(keras.losses.CTC()(label, x)), rel=1e-5)
    assert wrong > 1.1 * values(label, masked(x, mask), reduction="sum_over_batch_size")


def raw(labels, logits, length, steps):
    arrays = (np.array([x], "int32") for x in (length, steps))
    target = np.asarray(labels, "int32")
    return ops.convert_to_numpy(ops.ctc_loss(target, logits[None], *arrays))[0]


def test_the_backends_differ_on_labels_that_are_too_long():
    for labels, steps in (([[1, 2, 3, 4]], 3), ([[1, 1]], 2)):
        value = raw(labels, ROWS[0][:steps], len(labels[0]), steps)
        if BACKEND == "torch":
            assert value == np.inf
        else:
            assert {"tensorflow": 700, "jax": 99_990}[BACKEND] < value < 100_030


def test_the_backends_differ_on_nan_behind_the_real_steps():
    logits = padded([ROWS[0][:4]], 6, np.nan)[0][0]
    assert np.isfinite(raw([[1, 2]], logits, 2, 4)) == (BACKEND == "torch")


def test_tensorflow_is_wrong_on_labels_without_a_column():
    blank = forward(ROWS[0], [])
    right = raw(np.zeros((1, 0)), ROWS[0], 0, 6) == pytest.approx(blank, rel=1e-5)
    assert right == (BACKEND != "tensorflow")
    assert values(np.zeros((1, 0), int), ROWS[0][None])[0] == pytest.approx(blank, rel=1e-5)


# CTCLoss


@pytest.mark.parametrize(("steps", "value"), [(9, np.nan), (14, 0), (14, 1e30), (14, -np.inf)])
def test_a_row_has_the_same_loss_alone_and_in_a_padded_batch(steps, value):
    x, mask = padded(ROWS, steps, value)
    np.testing.assert_allclose(values(LABELS, masked(x, mask)), EXACT, rtol=1e-5)


def test_the_loss_of_a_row_alone_is_that_of_the_forward_algorithm():
    for row, string, exact in zip(ROWS, STRINGS, EXACT, strict=True):
        label = np.array([string], int).reshape(1, -1)
        assert values(label, row[None])[0] == pytest.approx(exact, rel=1e-5)


def slope(row, string):
    """The gradient of the forward algorithm."""
    found, tiny = np.zeros(row.shape), 1e-4
    for place in np.ndindex(row.shape):
        step = np.zeros(row.shape)
        step[place] = tiny
        found[place] = forward(row + step, string) - forward(row - step, string)
    return found / (2 * tiny)


@pytest.mark.slow
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_row_has_the_same_gradient_alone_and_in_a_padded_batch(value):
    x, mask = padded(ROWS, 11, value)
    loss, slopes = gradient(CTCLoss(reduction="sum"), LABELS, x, mask)
    assert loss == pytest.approx(EXACT.sum(), rel=1e-5)
    for i, row in enumerate(ROWS):
        np.testing.assert_allclose(slopes[i, : len(row)], slope(row, STRINGS[i]), atol=1e-4)
        if value == 0:
            assert (slopes[i, len(row) :] == 0).all()
    alone = gradient(CTCLoss(), LABELS[:1], ROWS[0][None])[1][0]
    assert np.abs(alone).max() > 0.01
    np.testing.assert_allclose(slopes[0, :6], alone, atol=1e-5)


def test_masks_may_begin_with_padding_and_have_holes():
    x, mask = np.full((6, 14, CLASSES), np.nan, "float32"), np.zeros((6, 14), bool)
    for i, row in enumerate(ROWS):
        where = np.sort(RNG.permutation(14)[: len(row)])
        x[i, where], mask[i, where] = row, True
    np.testing.assert_allclose(values(LABELS, masked(x, mask)), EXACT, rtol=1e-5)


def test_zeros_count_as_padding_of_labels_wherever_they_are():
    x, mask = padded(ROWS, 9)
    spread = np.zeros((6, 11), int)
    spread[:, 1::2] = LABELS
    for labels in (spread, spread.astype("uint8"), np.pad(LABELS, [(0, 0), (3, 0)])):
        np.testing.assert_allclose(values(labels, masked(x, mask)), EXACT, rtol=1e-5)


@pytest.mark.slow
def test_rows_without_symbols_and_rows_without_steps():
    x, mask = padded([ROWS[0]] * 3, 8)
    mask[1:] = False
    found = values(LABELS[[3, 3, 3]], masked(x, mask))
    np.testing.assert_allclose(found, [forward(ROWS[0], []), 0, 0], rtol=1e-5)
    assert (values(np.zeros((3, 0), int), masked(x, mask)) == found).all()
    loss, slopes = gradient(CTCLoss(), LABELS[[3, 3, 3]], x, mask)
    assert loss == pytest.approx(found.sum() / 3, rel=1e-5)
    assert np.isfinite(slopes).all()


def test_weights_and_reductions():
    x, mask = padded(ROWS, 9)
    weights = np.array([1, 0, 2, 0.5, 1, 3])

    def run(reduction, *weights):
        return values(LABELS, masked(x, mask), *weights, reduction=reduction)

    weighed = (EXACT * weights).sum()
    for given_weights in (weights, weights[:, None]):
        assert run("sum", given_weights) == pytest.approx(weighed, rel=1e-5)
        assert run("sum_over_batch_size", given_weights) == pytest.approx(weighed / 6, rel=1e-5)
        mean = weighed / weights.sum()
        assert run("mean_with_sample_weight", given_weights) == pytest.approx(mean, rel=1e-5)
        np.testing.assert_allclose(run(None, given_weights), EXACT * weights, rtol=1e-5)
    assert run("sum") == pytest.approx(EXACT.sum(), rel=1e-5)
    assert run("sum_over_batch_size") == pytest.approx(EXACT.mean(), rel=1e-5)


@pytest.mark.slow
def test_a_row_of_weight_0_may_hold_anything():
    x, mask = padded(ROWS[:2], 9)
    x[1], labels, weights = np.nan, np.array([STRINGS[0], [1, 1, 77]]), np.array([1.0, 0])
    assert values(labels, masked(x, mask), weights).tolist() == [pytest.approx(EXACT[0]), 0]
    loss, slopes = gradient(CTCLoss(reduction="sum"), labels, x, mask, weights)
    assert loss == pytest.approx(EXACT[0], rel=1e-5)
    assert np.isfinite(slopes[0]).all()
    assert np.abs(slopes[0, :6]).max() > 0.01


TOO_LONG = [([1, 2, 3, 4], 3), ([1, 1, 0, 0], 2), ([1, 1, 1, 0], 4), ([1, 0, 0, 0], 0)]


@pytest.mark.parametrize(("label", "steps"), TOO_LONG)
def test_a_label_that_does_not_fit_is_named(label, steps):
    x, mask = padded([ROWS[0], ROWS[2][:steps]], 9)
    labels = np.array([[1, 2, 3, 0], label])
    need = steps_needed(labels)[1]
    message = rf"y_true: .* in row 1, which need {need} steps and have {steps} \(see steps_needed"
    with pytest.raises(ValueError, match=message):
        CTCLoss()(labels, masked(x, mask))
    mask[1, : need + 1] = True
    assert np.isfinite(values(labels, masked(x, mask))).all()
    mask[1, need:] = False
    assert np.isfinite(values(labels, masked(x, mask))).all()


@pytest.mark.slow
@pytest.mark.parametrize(("label", "steps"), TOO_LONG)
def test_compiled_a_label_that_does_not_fit_makes_an_infinite_loss_and_no_gradient(label, steps):
    x, mask = padded([ROWS[0], ROWS[2][:steps]], 9)
    labels = np.array([[1, 2, 3, 0], label])
    if BACKEND == "torch":
        with pytest.raises(ValueError, match=r"got \d symbols in row 1"):
            gradient(CTCLoss(), labels, x, mask)
        return
    loss, slopes = gradient(CTCLoss(reduction="sum"), labels, x, mask)
    assert loss == np.inf
    np.testing.assert_allclose(slopes[0, :6], slope(ROWS[0], [1, 2, 3]), atol=1e-4)
    assert (slopes[1] == 0).all()


@pytest.mark.parametrize("symbol", [CLASSES, 77, -1])
def test_symbols_that_are_no_class_are_named(symbol):
    with pytest.raises(ValueError, match=rf"y_true: expected symbols 1 to 4 .* {symbol} in row 1"):
        CTCLoss()(np.array([[1, 2], [1, symbol]]), padded(ROWS[:2], 9)[0])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_logits_of_other_dtypes(dtype):
    x, mask = padded(ROWS, 9)
    found = values(LABELS, masked(ops.cast(x, dtype), mask))
    np.testing.assert_allclose(found, EXACT, rtol=0.02 if dtype == "bfloat16" else 2e-3)


# Errors


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (2, 6)), r"y_pred: expected logits \(batch, time, classes\), got \(2, 6\)"),
        (((2,), (2, 6, 4)), r"y_true: .* \(2, 6, 4\), got shape \(2,\)"),
        (((3, 2), (2, 6, 4)), r"y_true: .* \(2, 6, 4\), got shape \(3, 2\)"),
        (((2, 3, 1), (2, 6, 4)), r"y_true: .* got shape \(2, 3, 1\)"),
        (((2, 3), (2, 6, 4), (2, 6)), r"sample_weight: expected \(batch,\) .* got \(2, 6\)"),
        (((2, 3), (2, 6, 4), (3,)), r"sample_weight: expected \(batch,\) .* got \(3,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(shapes, message):
    dtypes = ("int32", "float32", "float32")
    arrays = [np.zeros(*given) for given in zip(shapes, dtypes, strict=False)]
    with pytest.raises(ValueError, match=message):
        CTCLoss()(*arrays)
    with pytest.raises(ValueError, match=message):
        ExactMatch().update_state(*arrays)


def test_a_mask_of_another_length_is_refused():
    y_pred = ops.zeros((2, 3, 4))
    set_mask(y_pred, ops.ones((2, 4), "bool"))
    with pytest.raises(ValueError, match=r"y_pred: expected a mask .* \(2, 3\), got one of \(2, 4"):
        CTCLoss()(np.ones((2, 1), int), y_pred)
