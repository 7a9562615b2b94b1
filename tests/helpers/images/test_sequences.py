"""From feature maps to sequences: an image alone and in a padded batch gives the same steps."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.images.sequences import ToSequence
from helpers.keras_private import mask_of

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(3)
SIZES = [(4, 6), (2, 3), (4, 1), (1, 5), (3, 3)]
IMAGES = [RNG.normal(size=(*size, 2)).astype("float32") - 2 for size in SIZES]
WAYS = [
    *itertools.product(("columns", "rows"), ("flatten", "mean", "max")),
    ("cells", None),
]
FEW = [("columns", "flatten"), ("rows", "max"), ("cells", None)]
few = pytest.mark.parametrize(("order", "across"), FEW)
ways = pytest.mark.parametrize(("order", "across"), WAYS)


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def numpy(x):
    return ops.convert_to_numpy(x)


def batch(images, height, width, value=0.0):
    """Images in one array padded with ``value``, and their sizes."""
    x = np.full((len(images), height, width, images[0].shape[2]), value, "float32")
    for i, image in enumerate(images):
        x[i, : image.shape[0], : image.shape[1]] = image
    return x, np.array([image.shape[:2] for image in images], "int32")


def by_hand(image, order, across, fixed):
    """The steps of one image; ``fixed`` is the length of the axis that is flattened."""
    height, width, channels = image.shape
    if order == "cells":
        return np.array([image[i, j] for i in range(height) for j in range(width)])
    steps = []
    for t in range(width if order == "columns" else height):
        cells = [image[i, t] for i in range(height)] if order == "columns" else list(image[t])
        if across == "mean":
            steps.append(sum(cells) / len(cells))
        elif across == "max":
            steps.append([max(cell[c] for cell in cells) for c in range(channels)])
        else:
            cells += [np.zeros(channels)] * (fixed - len(cells))
            steps.append(np.concatenate(cells))
    return np.array(steps)


def reader(order, across, height=None, width=None, build=None):
    """A model: ToSequence and an LSTM."""
    images = keras.Input((height, width, 2), name="images")
    sizes = keras.Input((2,), dtype="int32", name="sizes")
    x = images if build is None else build(images)
    x = ToSequence(order, across)([x, sizes])
    return keras.Model([images, sizes], layers.LSTM(3)(x))


def sides(order, across):
    """Height and width of the model's input: fixed only where it must be."""
    if across == "flatten":
        return (5, None) if order == "columns" else (None, 7)
    return None, None


@ways
@pytest.mark.parametrize(("padded", "value"), [((4, 6), np.inf), ((6, 9), np.nan)])
def test_steps_are_what_a_loop_makes_of_each_image(order, across, padded, value):
    x, sizes = batch(IMAGES, *padded, value)
    layer = ToSequence(order, across)
    outputs = layer([x, sizes])
    steps, mask = numpy(outputs), numpy(mask_of(outputs))
    assert mask.dtype == bool
    assert mask.shape == steps.shape[:2]
    assert steps.shape == layer.compute_output_shape([x.shape, sizes.shape])
    np.testing.assert_array_equal(mask, numpy(layer.compute_mask([x, sizes])))
    for i, image in enumerate(IMAGES):
        expected = by_hand(image, order, across, padded[0 if order == "columns" else 1])
        assert mask[i].tolist() == [True] * len(expected) + [False] * (
            mask.shape[1] - len(expected)
        )
        np.testing.assert_allclose(steps[i][mask[i]], expected, rtol=1e-5)
        assert (steps[i][~mask[i]] == 0).all()


@few  # the loop above tells the ways apart; here the mask of each order meets an LSTM
def test_an_image_alone_and_in_a_padded_batch_gives_an_lstm_the_same(order, across):
    images = IMAGES[:3] if BACKEND == "jax" else IMAGES
    height, width = sides(order, across)
    model = reader(order, across, height, width)
    alone = []
    for image in images:
        own = (height or image.shape[0], width or image.shape[1])
        alone.append(numpy(model(list(batch([image], *own))))[0])
    for value, own in ((0, (4, 6)), (np.nan, (5, 7))):
        x = batch(images, height or own[0], width or own[1], value)
        np.testing.assert_allclose(numpy(model(list(x))), alone, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("falling", [False] if BACKEND == "jax" else [False, True])
@few
def test_predict_on_two_padded_sizes_in_both_orders(order, across, falling):
    height, width = sides(order, across)
    model = reader(order, across, height, width)
    x, sizes = batch(IMAGES[:4], height or 4, width or 6)
    expected = numpy(model([x, sizes]))
    for own in [(4, 6), (6, 9)][:: -1 if falling else 1]:
        x = batch(IMAGES[:4], height or own[0], width or own[1], np.nan)
        found = model.predict(list(x), batch_size=2, verbose=0)
        assert found.shape == (4, 3)
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.wide
@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX always compiles, PyTorch has no XLA")
@few
def test_it_compiles_with_xla(order, across):
    height, width = sides(order, across)
    model = reader(order, across, height, width)
    eager = numpy(model(list(batch(IMAGES, height or 4, width or 6))))
    model.compile(jit_compile=True)
    for own in ((4, 6), (6, 9)):
        x = batch(IMAGES, height or own[0], width or own[1], np.nan)
        np.testing.assert_allclose(model.predict(list(x), verbose=0), eager, atol=1e-5)


class SeenMask(layers.Layer):
    """Gives the mask that arrives, as numbers."""

    supports_masking = True

    def call(self, inputs, mask=None):
        return ops.cast(mask, "float32")


@pytest.mark.slow
@few
def test_the_mask_arrives_in_a_functional_model(order, across):
    height, width = sides(order, across)
    images, sizes = keras.Input((height, width, 2)), keras.Input((2,), dtype="int32")
    steps = ToSequence(order, across)([images, sizes])
    model = keras.Model([images, sizes], SeenMask()(layers.LSTM(2, return_sequences=True)(steps)))
    x, true = batch(IMAGES, height or 4, width or 7)
    counts = {"columns": true[:, 1], "rows": true[:, 0], "cells": true[:, 0] * true[:, 1]}[order]
    mask = model.predict([x, true], verbose=0)
    assert mask.sum(axis=1).tolist() == counts.tolist()
    assert (np.diff(mask, axis=1) <= 0).all()


@pytest.mark.sampled(3)
@pytest.mark.slow
@few
def test_fit_does_not_depend_on_the_padding(order, across):
    height, width = sides(order, across)
    model = reader(order, across, height, width, layers.Dense(2, bias_initializer="ones"))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    before = model.get_weights()
    changes = []
    for own, value in (((4, 6), 0), ((6, 9), 50)):
        model.set_weights(before)
        x = batch(IMAGES, height or own[0], width or own[1], value)
        model.fit(list(x), np.ones((5, 3)), verbose=0)
        changes.append([new - old for new, old in zip(model.get_weights(), before, strict=True)])
    assert min(np.abs(change).max() for change in changes[0]) > 1e-4
    for one, other in zip(*changes, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


@pytest.mark.slow
@few
def test_nan_in_the_padding_reaches_no_weight(order, across):
    height, width = sides(order, across)
    model = reader(order, across, height, width)
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.train_on_batch(list(batch(IMAGES, height or 6, width or 7, np.nan)), np.ones((5, 3)))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@few
def test_an_image_without_a_cell_has_no_step(order, across):
    x = np.full((3, 4, 6, 2), np.nan, "float32")
    outputs = ToSequence(order, across)([x, np.array([[0, 5], [3, 0], [0, 0]])])
    assert not numpy(mask_of(outputs)).any()
    assert (numpy(outputs) == 0).all()
    assert np.isfinite(numpy(layers.LSTM(2)(outputs))).all()


@pytest.mark.slow
@few
def test_it_saves_and_loads(order, across, tmp_path):
    height, width = sides(order, across)
    model = reader(order, across, height, width)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = batch(IMAGES, height or 6, width or 7, np.nan)
    np.testing.assert_allclose(numpy(loaded(list(x))), numpy(model(list(x))), atol=1e-6)
    (layer,) = [layer for layer in loaded.layers if isinstance(layer, ToSequence)]
    assert (layer.order, layer.across) == (order, across)


def test_shapes_of_a_model_whose_sizes_are_open():
    image, sizes = keras.Input((None, None, 4)), keras.Input((2,), dtype="int32")
    tall, wide = keras.Input((8, None, 4)), keras.Input((None, 9, 4))
    assert ToSequence("cells")([image, sizes]).shape == (None, None, 4)
    assert ToSequence("rows", "max")([image, sizes]).shape == (None, None, 4)
    assert ToSequence()([tall, sizes]).shape == (None, None, 32)
    assert ToSequence("rows")([wide, sizes]).shape == (None, None, 36)
    assert ToSequence("cells")([keras.Input((8, 9, 4)), sizes]).shape == (None, 72, 4)
    assert ToSequence("columns").across == "flatten"


def test_the_dtype_is_the_layers():
    for given, dtype in (("uint8", "float32"), ("float64", "float16"), ("uint8", "bfloat16")):
        for order, across in FEW:
            y = ToSequence(order, across, dtype=dtype)(
                [np.ones((1, 2, 3, 1), given), np.array([[2, 2]])]
            )
            assert keras.backend.standardize_dtype(y.dtype) == dtype
            assert numpy(ops.cast(y, "float32"))[0, :2].tolist()[1][0] == 1


def test_a_mean_over_many_rows_does_not_overflow_half_precision():
    x = np.full((1, 300, 1, 1), 1000, "float16")
    y = ToSequence("columns", "mean", dtype="float16")([x, np.array([[300, 1]])])
    assert float(numpy(y)[0, 0, 0]) == pytest.approx(1000, rel=0.01)


X, S = np.ones((2, 4, 6, 2), "float32"), np.array([[4, 6], [1, 1]])


def symbolic(*shape):
    return [keras.Input(shape), keras.Input((2,), dtype="int32")]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ToSequence("diagonal"), ValueError, "order: expected one of .*got 'diagonal'"),
        (lambda: ToSequence("rows", "sum"), ValueError, "across: expected one of .*got 'sum'"),
        (lambda: ToSequence("cells", "mean"), ValueError, "across: expected None .*got 'mean'"),
        (lambda: ToSequence()(X), ValueError, "inputs: expected a pair .*got one tensor"),
        (lambda: ToSequence()([X, S, S]), ValueError, "inputs: expected a pair .*got 3 of them"),
        (lambda: ToSequence()([X[..., 0], S]), ValueError, r"feature_map: .*image\[\.\.\., None\]"),
        (lambda: ToSequence()([X, S * 1.0]), TypeError, "sizes: expected integers, got dtype"),
        (lambda: ToSequence()([X, S[0]]), ValueError, r"sizes: expected \(batch, 2\)"),
        (lambda: ToSequence()([X, [[5, 6], [1, 1]] * np.ones_like(S)]), ValueError, "row 0"),
        (
            lambda: ToSequence("cells")([X, S + np.array([0, 1])]),
            ValueError,
            "sizes: expected width 0 to 6",
        ),
        (lambda: ToSequence("rows", "max")([X, S - 2]), ValueError, "at least 0, got .* in row 1"),
        (
            lambda: ToSequence()(symbolic(None, None, 2)),
            ValueError,
            r"fixed height with across='flatten', got shape \(None, None, None, 2\); take across=",
        ),
        (lambda: ToSequence("rows")(symbolic(8, None, 2)), ValueError, "expected a fixed width"),
        (lambda: ToSequence()(symbolic(8, None, None)), ValueError, "a fixed number of channels"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_flatten_refuses_another_height_than_it_was_built_for():
    layer = ToSequence()
    layer([X, S])
    with pytest.raises(ValueError, match="expected height 4, as the layer was built for, got 3"):
        layer([X[:, :3], S // 2])
