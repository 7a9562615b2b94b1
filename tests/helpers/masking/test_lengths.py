"""Lengths and masks through convolution and pooling: each row comes out as if it were alone."""

import itertools
import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from helpers.keras_private import mask_of
from helpers.masking import KeepMask, lengths_from_mask, mask_from_lengths, strided_lengths
from helpers.padding import pad

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(7)
ROWS = [RNG.normal(size=(n, 2)).astype("float32") for n in (7, 4, 1, 6, 2)]
FEW = ROWS[:3] if BACKEND == "jax" else ROWS  # JAX compiles every layer anew for each length
ONES = {"kernel_initializer": "random_normal", "bias_initializer": "ones"}


def conv(*args, **options):
    return layers.Conv1D(3, *args, **ONES, **options)


LAYERS = {
    "valid": lambda: conv(3),
    "valid, strides": lambda: conv(3, strides=2),
    "valid, long strides": lambda: conv(2, strides=3),
    "valid, dilation": lambda: conv(2, dilation_rate=3),
    "same": lambda: conv(3, padding="same"),
    "same, even": lambda: conv(4, padding="same"),
    "same, dilation": lambda: conv(3, padding="same", dilation_rate=2),
    "same, strides, window 2": lambda: conv(2, strides=2, padding="same"),
    "same, strides, window 1": lambda: conv(1, strides=3, padding="same"),
    "causal": lambda: conv(3, padding="causal"),
    "causal, strides": lambda: conv(3, strides=2, padding="causal"),
    "causal, dilation": lambda: conv(3, padding="causal", dilation_rate=2),
    "separable": lambda: layers.SeparableConv1D(3, 3, padding="same", bias_initializer="ones"),
    "depthwise": lambda: layers.DepthwiseConv1D(3, strides=2, bias_initializer="ones"),
    "max": lambda: layers.MaxPooling1D(2),
    "max, overlap": lambda: layers.MaxPooling1D(3, strides=2),
    "max, same": lambda: layers.MaxPooling1D(3, strides=1, padding="same"),
    "max, same, strides": lambda: layers.MaxPooling1D(2, padding="same"),
    "average": lambda: layers.AveragePooling1D(3, strides=2),
    "average, same": lambda: layers.AveragePooling1D(3, strides=1, padding="same"),
    "average, same, strides": lambda: layers.AveragePooling1D(2, padding="same"),
    "global max": lambda: layers.GlobalMaxPooling1D(),
    "global max, keepdims": lambda: layers.GlobalMaxPooling1D(keepdims=True),
}


def numpy(x):
    return ops.convert_to_numpy(x)


def lengths_of(*args, **options):
    return numpy(strided_lengths(*args, **options)).tolist()


def put(rows, starts, steps, value):
    """Rows at their starts in ``steps`` timesteps of ``value``, and the mask."""
    x = np.full((len(rows), steps, rows[0].shape[1]), value, "float32")
    mask = np.zeros(x.shape[:2], bool)
    for i, (row, start) in enumerate(zip(rows, starts, strict=True)):
        x[i, start : start + len(row)] = row
        mask[i, start : start + len(row)] = True
    return x, mask


def alone(layer, row):
    """The layer's output for one unpadded row; None if the row is shorter than its window."""
    if layer.padding == "same" and isinstance(layer, layers.AveragePooling1D):
        # Keras on PyTorch pads here with copies of the edge; the mean of the real steps it is not.
        window, strides = layer.pool_size[0], layer.strides[0]
        starts = range(-((window - 1) // 2), len(row) - (window - 1) // 2, strides)
        return np.stack([row[max(s, 0) : s + window].mean(axis=0) for s in starts])
    features = layer.compute_output_shape((1, 60, row.shape[1]))[-1]
    try:
        steps = layer.compute_output_shape((1, *row.shape))[1]
    except ValueError:  # Keras 3.13 gives 0 where the row lacks one step, and raises below that
        steps = 0
    if steps == 0:
        return np.zeros((0, features))
    return numpy(layer(row[None]))[0]


def check_rows(layer, rows, starts, steps, value=np.nan):
    keep = KeepMask(layer)
    x, mask = put(rows, starts, steps, value)
    y = numpy(keep(x, mask=mask))
    after = numpy(keep.compute_mask(ops.convert_to_tensor(x), ops.convert_to_tensor(mask)))
    assert after.dtype == bool
    assert after.shape == y.shape[:2]
    assert y.shape == keep.compute_output_shape(x.shape)
    assert (y[~after] == 0).all()
    for i, row in enumerate(rows):
        np.testing.assert_allclose(y[i][after[i]], alone(layer, row), atol=1e-5)
    return after


@pytest.mark.slow
@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("features", [(), (2,), (2, 3)])
def test_a_mask_as_long_as_a_batch_whose_time_axis_is_open(side, features):
    batch = keras.Input((None, *features))
    lengths = keras.Input((), dtype="int32")
    model = keras.Model([batch, lengths], mask_from_lengths(lengths, batch, side))
    for steps in (4, 6, 3):
        found = model.predict_on_batch([np.zeros((2, steps, *features)), np.array([3, 1])])
        expected = numpy(mask_from_lengths([3, 1], steps, side))
        np.testing.assert_array_equal(numpy(found), expected)


def test_lengths_are_compared_with_a_batch_too():
    with pytest.raises(ValueError, match="0 to steps=3, got 4 in row 1"):
        mask_from_lengths([1, 4], np.zeros((2, 3, 5), "float32"))


def test_mask_from_lengths_and_back():
    for side in ("post", "pre"):
        mask = numpy(mask_from_lengths([3, 0, 5], 5, side))
        np.testing.assert_array_equal(mask[[0, 2]], pad([[1] * 3, [1] * 5], side=side)[1])
        assert mask.dtype == bool
        assert not mask[1].any()
        lengths = numpy(lengths_from_mask(mask))
        assert lengths.tolist() == [3, 0, 5]
        assert lengths.dtype == np.int32
    assert numpy(lengths_from_mask(np.array([[True, False, True]]))).tolist() == [2]
    assert mask_from_lengths([], 3).shape == (0, 3)


@pytest.mark.slow
def test_lengths_and_masks_in_a_model():
    lengths = keras.Input((), dtype="int32")
    mask = mask_from_lengths(lengths, 6)
    model = keras.Model(lengths, [lengths_from_mask(mask), strided_lengths(lengths, 3, 2)])
    back, strided = model.predict(np.array([6, 4, 1], "int32"), verbose=0)
    assert back.tolist() == [6, 4, 1]
    assert strided.tolist() == [2, 1, 0]
    assert strided.dtype == np.int32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mask_from_lengths([1.5], 3), TypeError, "lengths: expected integers, got dtype"),
        (lambda: mask_from_lengths([[1]], 3), ValueError, r"expected \(batch,\), got shape \(1, 1"),
        (lambda: mask_from_lengths([1, 4], 3), ValueError, "0 to steps=3, got 4 in row 1"),
        (lambda: mask_from_lengths([-1], 3), ValueError, "0 to steps=3, got -1 in row 0"),
        (lambda: mask_from_lengths([1], 3, "left"), ValueError, "'pre', 'post', got 'left'"),
        (
            lambda: mask_from_lengths([1], 3.0),
            TypeError,
            "steps: expected an integer or a",
        ),
        (lambda: mask_from_lengths([1], -1), ValueError, "steps: .* at least 0, got -1"),
        (lambda: lengths_from_mask(np.ones((1, 2))), TypeError, "mask: expected bool, got dtype"),
        (lambda: lengths_from_mask(np.ones(2, bool)), ValueError, r"got shape \(2,\)"),
        (lambda: strided_lengths([3], 0), ValueError, "kernel_size: .* at least 1, got 0"),
        (lambda: strided_lengths([3], 2.0), TypeError, "kernel_size: .* integer, got float 2.0"),
        (lambda: strided_lengths([3], 2, True), TypeError, "strides: .* got bool True"),
        (lambda: strided_lengths([3], 2, 1, "full"), ValueError, "padding: .* got 'full'"),
        (lambda: strided_lengths([3], 2, dilation_rate=0), ValueError, "dilation_rate: .* got 0"),
        (lambda: strided_lengths([3, -2], 2), ValueError, "at least 0, got -2 in row 1"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_strided_lengths_are_the_lengths_that_keras_gives():
    every = list(range(31))
    for kernel, strides, padding, dilation in itertools.product(
        (1, 2, 3, 5, 8), (1, 2, 3, 7), ("valid", "same", "causal"), (1, 2, 3)
    ):
        if strides > 1 and dilation > 1:
            continue
        options = {"strides": strides, "padding": padding}
        kinds = [layers.Conv1D(1, kernel, dilation_rate=dilation, **options)]
        if padding != "causal" and dilation == 1:
            kinds += [layers.MaxPooling1D(kernel, **options)]
        for layer in kinds:
            expected = []
            for steps in every:
                try:
                    expected.append(layer.compute_output_shape((1, steps, 1))[1] if steps else 0)
                except ValueError:  # Keras: the row is shorter than the window
                    expected.append(0)
            found = lengths_of(every, kernel, dilation_rate=dilation, **options)
            assert found == expected, (layer.get_config(), found)


def test_strided_lengths_with_numpy_integers_and_a_strided_dilation():
    lengths = strided_lengths(np.array([9, 5, 4]), np.int64(3), np.int64(2), "valid", np.int64(2))
    assert numpy(lengths).tolist() == [3, 1, 0]
    assert keras.backend.standardize_dtype(lengths.dtype) == "int32"


@pytest.mark.parametrize("name", [name for name in LAYERS if "global" not in name])
def test_each_row_comes_out_as_if_it_were_alone(name):
    layer = LAYERS[name]()
    post = [0] * len(FEW)
    after = check_rows(layer, FEW, post, 11)
    window = getattr(layer, "pool_size", None) or layer.kernel_size
    expected = lengths_of(
        [len(row) for row in FEW],
        window[0],
        layer.strides[0],
        layer.padding,
        getattr(layer, "dilation_rate", (1,))[0],
    )
    assert after.sum(axis=1).tolist() == expected
    assert (after == numpy(mask_from_lengths(expected, after.shape[1]))).all()
    # another length, content, and padding in front or on both sides
    check_rows(layer, FEW, post, 14, value=np.inf)
    check_rows(layer, FEW, [11 - len(row) for row in FEW], 11)
    check_rows(layer, FEW, [2, 3, 5, 1, 0][: len(FEW)], 11)


@given(data=st.data())
@settings(max_examples=4 if BACKEND == "jax" else 15)
def test_each_row_comes_out_as_if_it_were_alone_for_any_window(data):
    kind = data.draw(st.sampled_from(["conv", "max", "average"]))
    kernel, strides = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    paddings = ["valid"] + ["causal"] * (kind == "conv") + ["same"] * (strides == 1 or kernel < 3)
    options = {"strides": strides, "padding": data.draw(st.sampled_from(paddings))}
    layer = {
        "conv": lambda: conv(kernel, **options),
        "max": lambda: layers.MaxPooling1D(kernel, **options),
        "average": lambda: layers.AveragePooling1D(kernel, **options),
    }[kind]()
    steps = data.draw(st.integers(4, 9))
    rows, starts = [], []
    for i in range(data.draw(st.integers(1, 3))):
        length = data.draw(st.integers(1, steps))
        rows.append(np.random.default_rng(i).normal(size=(length, 2)).astype("float32"))
        starts.append(data.draw(st.integers(0, steps - length)))
    check_rows(layer, rows, starts, steps)


@pytest.mark.parametrize("keepdims", [False, True])
def test_global_max_pooling_takes_the_real_steps_and_gives_0_for_a_row_without(keepdims):
    x, mask = put([-np.ones((2, 2)), -np.full((3, 2), 2), np.ones((0, 2))], [0, 1, 0], 4, np.nan)
    keep = KeepMask(layers.GlobalMaxPooling1D(keepdims=keepdims))
    y = numpy(keep(x, mask=mask))
    assert y.reshape(3, 2).tolist() == [[-1, -1], [-2, -2], [0, 0]]
    assert y.shape == keep.compute_output_shape(x.shape)
    assert keep.compute_mask(x, mask) is None


def test_keras_own_global_max_pooling_counts_padding():
    masked = layers.Masking()(np.array([[[-2.0], [-1], [0], [0]]], "float32"))
    with pytest.warns(UserWarning, match="does not support masking"):
        assert numpy(layers.GlobalMaxPooling1D()(masked)).item() == 0
    assert numpy(KeepMask(layers.GlobalMaxPooling1D())(masked)).item() == -1


def test_a_hole_is_left_out_and_shortens_what_a_valid_layer_gives():
    x = np.array([[[1.0], [9], [3], [4], [9]]], "float32")
    mask = np.array([[True, False, True, True, False]])
    ones = {"kernel_initializer": "ones", "use_bias": False}

    def run(layer):
        keep = KeepMask(layer)
        after = keep.compute_mask(ops.convert_to_tensor(x), ops.convert_to_tensor(mask))
        return numpy(keep(x, mask=mask)).ravel().tolist(), numpy(after).ravel().tolist()

    real = [True, False, True, True, False]
    assert run(layers.Conv1D(1, 3, padding="same", **ones)) == ([1, 0, 7, 7, 0], real)
    assert run(layers.Conv1D(1, 2, **ones)) == ([0, 0, 7, 0], [False, False, True, False])
    assert run(layers.MaxPooling1D(3, 1, padding="same")) == ([1, 0, 4, 4, 0], real)
    assert run(layers.AveragePooling1D(3, 1, padding="same")) == (
        pytest.approx([1, 0, 3.5, 3.5, 0]),
        real,
    )


@pytest.mark.parametrize("name", LAYERS)
def test_without_a_mask_it_is_the_layer(name):
    layer = LAYERS[name]()
    x = np.stack([ROWS[0], ROWS[0][::-1]])
    np.testing.assert_array_equal(numpy(KeepMask(layer)(x)), numpy(layer(x)))


@pytest.mark.parametrize(
    ("layer", "phases"),
    [
        (lambda: layers.Conv1D(1, 3, 2, "same", kernel_initializer="ones"), True),
        (lambda: layers.MaxPooling1D(3, 2, "same"), True),
        (lambda: layers.MaxPooling1D(3, 3, "same"), True),
        (lambda: layers.Conv1D(1, 3, 2, "causal", kernel_initializer="ones"), False),
        (lambda: layers.Conv1D(1, 2, 2, "same", kernel_initializer="ones"), False),
        (lambda: layers.MaxPooling1D(2, 2, "same"), False),
        (lambda: layers.MaxPooling1D(1, 3, "same"), False),
    ],
)
def test_strided_same_padding_starts_where_the_padded_length_says(layer, phases):
    layer = layer()
    row = np.arange(1.0, 6.0, dtype="float32")[None, :, None]
    seen = {
        tuple(numpy(layer(np.pad(row, ((0, 0), (0, extra), (0, 0))))).ravel()[:2].tolist())
        for extra in range(3)
    }
    assert (len(seen) > 1) == phases
    if phases:
        with pytest.raises(ValueError, match=r"'valid' or 'causal' with strides=[23], got 'same'"):
            KeepMask(layer)
    else:
        KeepMask(layer)


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (layers.Dense(2), TypeError, "Conv1D, .*, got Dense; it takes the mask itself"),
        (layers.GlobalAveragePooling1D(), TypeError, "AveragePooling1D; it takes the mask itself"),
        (layers.Conv2D(2, 3), TypeError, "layer: expected one of .*, got Conv2D$"),
        (layers.Conv1DTranspose(2, 3), TypeError, "got Conv1DTranspose$"),
        (None, TypeError, "got NoneType"),
        (layers.MaxPooling1D(2, data_format="channels_first"), ValueError, "got 'channels_first'"),
    ],
)
def test_other_layers_are_refused(layer, error, message):
    with pytest.raises(error, match=message):
        KeepMask(layer)


def test_bad_inputs_are_refused():
    keep = KeepMask(layers.MaxPooling1D(2))
    with pytest.raises(ValueError, match=r"mask: expected \(batch, time\), got shape \(1, 4, 1\)"):
        keep(np.ones((1, 4, 1), "float32"), mask=np.ones((1, 4, 1), bool))
    with pytest.raises(TypeError, match=r"inputs: expected floats, got dtype .*int32"):
        keep(ops.ones((1, 4, 1), "int32"), mask=np.ones((1, 4), bool))


def network(time=None):
    """Convolution, pooling, a recurrent layer and a mean, all under one mask."""
    inputs = keras.Input((time, 2))
    x = layers.Masking()(inputs)
    x = KeepMask(layers.SeparableConv1D(4, 3, padding="same", activation="relu"))(x)
    x = KeepMask(layers.MaxPooling1D(2, padding="same"))(x)
    x = KeepMask(conv(2, padding="causal", strides=2))(x)
    x = layers.LSTM(3, return_sequences=True)(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(1)(x))


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(0)
    model = network()
    model.compile(keras.optimizers.SGD(1.0), "mse")
    return model


@pytest.mark.slow
def test_a_whole_network_gives_each_row_what_it_gives_it_alone(trained):
    expected = np.concatenate([trained.predict(row[None], verbose=0) for row in FEW])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for length, side in ((7, "post"), (16, "post"), (13, "pre")):
            x, _ = pad(FEW, length, side=side)
            np.testing.assert_allclose(trained.predict(x, verbose=0), expected, atol=1e-5)
        np.testing.assert_allclose(numpy(trained(x)), expected, atol=1e-5)
        static = network(16)
        static.set_weights(trained.get_weights())
        np.testing.assert_allclose(static.predict(pad(FEW, 16)[0], verbose=0), expected, atol=1e-5)


@pytest.mark.slow
def test_gradients_do_not_depend_on_the_padding(trained):
    before, targets = trained.get_weights(), np.ones((len(ROWS), 1), "float32")

    def step(length):
        trained.set_weights(before)
        trained.train_on_batch(pad(ROWS, length)[0], targets)
        return [new - old for new, old in zip(trained.get_weights(), before, strict=True)]

    try:
        short, long = step(7), step(20)
    finally:
        trained.set_weights(before)
    assert max(np.abs(change).max() for change in short) > 1e-3
    for one, other in zip(short, long, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["same", "valid, strides", "max", "average, same", "global max"])
def test_the_padding_gets_no_gradient(name):
    ids = np.array([[1, 2, 3, 4, 0, 0, 0], [5, 6, 7, 8, 9, 0, 0]])
    table = RNG.normal(size=(10, 2)).astype("float32")
    table[0] = 1e30  # would show in any sum
    model = keras.Sequential(
        [layers.Embedding(10, 2, mask_zero=True), KeepMask(LAYERS[name]()), Take()]
    )
    model.build((None, 7))
    model.layers[0].set_weights([table])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    before = model.get_weights()
    model.train_on_batch(ids, np.ones((2, *model.output_shape[1:])))
    moved = [np.abs(new - old) for new, old in zip(model.get_weights(), before, strict=True)]
    assert (moved[0][0] == 0).all()
    assert all(0 < change.max() < 10 for change in moved)


class Take(layers.Layer):
    """Ends the mask, so that the loss counts every output step."""

    supports_masking = True

    def call(self, inputs):
        return inputs

    def compute_mask(self, inputs, mask=None):
        return None


@pytest.mark.slow
def test_nan_in_the_padding_reaches_no_weight():
    changes = []
    for value in (0, np.nan):
        x, mask = pad(ROWS, 9, value=value)
        inputs = [keras.Input((9, 2)), keras.Input((9,), dtype="bool")]
        layer = KeepMask(layers.Conv1D(3, 3, padding="same", kernel_initializer="ones"))
        model = keras.Model(inputs, Take()(layer(inputs[0], mask=inputs[1])))
        model.compile(keras.optimizers.SGD(1.0), "mse")
        before = model.get_weights()
        model.train_on_batch([x, mask], np.ones((5, 9, 3)))
        changes.append([new - old for new, old in zip(model.get_weights(), before, strict=True)])
    for zero, nan in zip(*changes, strict=True):
        assert np.abs(zero).max() > 0
        np.testing.assert_allclose(nan, zero, atol=1e-6)


@pytest.mark.slow
def test_it_saves_and_loads(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x, _ = pad(ROWS, 9)
    np.testing.assert_allclose(
        loaded.predict(x, verbose=0), trained.predict(x, verbose=0), atol=1e-6
    )
    kept = [layer for layer in loaded.layers if isinstance(layer, KeepMask)]
    assert [type(layer.layer).__name__ for layer in kept] == [
        "SeparableConv1D",
        "MaxPooling1D",
        "Conv1D",
    ]


def test_a_row_shorter_than_the_window_has_no_step_left():
    model = keras.Sequential(
        [keras.Input((None, 2)), layers.Masking(), KeepMask(conv(3, strides=2))]
    )
    outputs = model(pad(ROWS)[0])
    assert numpy(mask_of(outputs)).sum(axis=1).tolist() == [3, 1, 0, 2, 0]
    assert model.output_shape == (None, None, 3)
    mean = numpy(layers.GlobalAveragePooling1D()(outputs))
    assert np.isnan(mean).all(axis=1).tolist() == [False, False, True, False, True]


def test_half_precision_is_kept():
    x, mask = put([-np.ones((2, 1))], [0], 4, 0)
    for layer in (layers.MaxPooling1D(2), layers.AveragePooling1D(2), layers.GlobalMaxPooling1D()):
        half = type(layer).from_config({**layer.get_config(), "dtype": "float16"})
        y = KeepMask(half, dtype="float16")(x, mask=mask)
        assert keras.backend.standardize_dtype(y.dtype) == "float16"
        assert numpy(y).ravel()[0] == -1
