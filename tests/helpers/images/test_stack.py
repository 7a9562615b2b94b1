"""A stack of image layers: each image comes out of a padded batch as if it were alone."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.images import SizedStack, output_sizes

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(3)
SIZES = [(9, 14), (12, 7), (7, 9)]
IMAGES = [RNG.normal(size=(*size, 2)).astype("float32") for size in SIZES]
BIASED = {"bias_initializer": "ones"}
# How much wider than its largest image a batch is, and what stands there. JAX compiles every layer
# anew for each shape.
WIDER = (2, 2, 2) if BACKEND == "jax" else (0, 0, 5)
PADDINGS = list(zip(WIDER, (np.nan, 1e30, -np.inf), strict=True))


def conv(*args, **options):
    return layers.Conv2D(3, *args, **BIASED, **options)


def negative():
    """Makes max pooling and padding tell apart: every value is below 0."""
    return layers.Activation(lambda x: -1 - ops.square(x))


STACKS = {
    "conv": lambda: [conv(3)],
    "conv, same": lambda: [conv(3, padding="same"), conv((2, 5), padding="same")],
    "conv, strides": lambda: [conv(3, strides=2), conv((3, 1), strides=(1, 2))],
    "conv, same, window 2": lambda: [conv(2, strides=2, padding="same")],
    "conv, same, window 1": lambda: [conv(1, strides=3, padding="same")],
    "conv, dilation": lambda: [conv(2, dilation_rate=3), conv(3, dilation_rate=2, padding="same")],
    "separable": lambda: [layers.SeparableConv2D(3, 3, padding="same", **BIASED), conv(3)],
    "depthwise": lambda: [conv(1), layers.DepthwiseConv2D(3, strides=2, **BIASED)],
    "max": lambda: [conv(1), negative(), layers.MaxPooling2D(2)],
    "max, overlap": lambda: [negative(), layers.MaxPooling2D(3, strides=2)],
    "max, same": lambda: [negative(), layers.MaxPooling2D(3, strides=1, padding="same")],
    "max, same, strides": lambda: [negative(), layers.MaxPooling2D(2, padding="same")],
    "average": lambda: [conv(1), layers.AveragePooling2D((3, 2), strides=2)],
    "zeros, strides": lambda: [layers.ZeroPadding2D(1), conv(3, strides=2)],
    "zeros, max": lambda: [conv(1), negative(), layers.ZeroPadding2D(1), layers.MaxPooling2D(2)],
    "crop": lambda: [conv(1), layers.Cropping2D(((1, 2), (0, 3))), conv(3, padding="same")],
    "up": lambda: [conv(1), layers.UpSampling2D((2, 3)), conv(3, padding="same")],
    "transposed": lambda: [conv(1), layers.Conv2DTranspose(3, 3, strides=2, **BIASED), conv(2)],
    "transposed, same": lambda: [
        conv(1),
        layers.Conv2DTranspose(3, 4, strides=2, padding="same", **BIASED),
        conv(3, padding="same"),
    ],
    "cells alone": lambda: [
        layers.Rescaling(2.0, 1.0),
        layers.Dense(3, **BIASED),
        layers.LayerNormalization(beta_initializer="ones"),
        layers.PReLU(shared_axes=[1, 2]),
        layers.Softmax(),
        layers.Dropout(0.5),
        conv(3, padding="same"),
        layers.BatchNormalization(beta_initializer="ones"),
        conv(3),
    ],
    "crnn": lambda: [
        conv(3, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        conv(3, padding="same", activation="elu"),
        layers.MaxPooling2D((2, 1)),
    ],
}


def numpy(x):
    return ops.convert_to_numpy(x)


def batch(extra=0, value=np.nan, images=IMAGES):
    """The images in one batch, ``value`` where padded, and their sizes."""
    sizes = np.array([image.shape[:2] for image in images], "int32")
    height, width = sizes.max(axis=0) + extra
    x = np.full((len(images), height, width, images[0].shape[2]), value, "float32")
    for row, image in zip(x, images, strict=True):
        row[: image.shape[0], : image.shape[1]] = image
    return x, sizes


def alone(stack, image):
    """What plain Keras layers make of one image that is not padded."""
    x = image[None]
    for layer in stack:
        x = layer(x)
    return numpy(x)[0]


def check_images(stack, **options):
    sized = SizedStack(stack)
    for extra, value in PADDINGS:
        x, sizes = batch(extra, value, **options)
        feature_map, map_sizes = (numpy(y) for y in sized([x, sizes]))
        assert feature_map.shape == tuple(sized.compute_output_shape([x.shape, sizes.shape])[0])
        assert map_sizes.dtype == np.int32
        np.testing.assert_array_equal(map_sizes, numpy(output_sizes(stack, sizes)))
        for found, (height, width), image in zip(
            feature_map, map_sizes, options.get("images", IMAGES), strict=True
        ):
            expected = alone(stack, image)
            assert expected.shape[:2] == (height, width)
            np.testing.assert_allclose(found[:height, :width], expected, atol=1e-4)
            assert (found[height:] == 0).all()
            assert (found[:, width:] == 0).all()


@pytest.mark.parametrize("name", STACKS)
def test_each_image_comes_out_as_if_it_were_alone(name):
    check_images(STACKS[name]())


@pytest.mark.parametrize("pool", [(3, 3), (2, 5), (4, 1)])
@pytest.mark.parametrize("step", [1, 2])
def test_average_pooling_divides_by_the_real_cells(pool, step):
    if step > 1:
        pool = tuple(min(side, 2) for side in pool)
    stack = SizedStack([layers.AveragePooling2D(pool, strides=step, padding="same")])
    x, sizes = batch(3)
    feature_map, map_sizes = (numpy(y) for y in stack([x, sizes]))
    starts = [(side - 1) // 2 for side in pool]
    for found, size, image in zip(feature_map, map_sizes, IMAGES, strict=True):
        for cell in np.ndindex(*size):
            first = [cell[i] * step - starts[i] for i in (0, 1)]
            rows, columns = (slice(max(f, 0), f + p) for f, p in zip(first, pool, strict=True))
            expected = image[rows, columns].mean(axis=(0, 1))
            np.testing.assert_allclose(found[cell], expected, atol=1e-5)


def test_plain_layers_leak():
    """The same check fails for the layers without sizes, however the padding is filled."""
    for name in ("conv, same", "max, same, strides", "crnn"):
        stack = STACKS[name]()
        x, sizes = batch(value=0)
        plain = x
        for layer in stack:
            plain = layer(plain)
        sized = SizedStack(stack)
        feature_map, map_sizes = (numpy(y) for y in sized([x, sizes]))
        height, width = map_sizes[2]
        here = numpy(plain)[2, :height, :width]
        gap = np.abs(here - alone(stack, IMAGES[2])).max()
        assert gap > 0.01
        assert np.abs(feature_map[2, :height, :width] - here).max() == pytest.approx(gap, abs=1e-4)


def test_batch_statistics_are_those_of_the_real_pixels():
    pixels = np.concatenate([image.reshape(-1, 2) for image in IMAGES])
    mean, variance = pixels.mean(axis=0), pixels.var(axis=0)
    for extra, value in ((0, 0), (0, np.nan), (9, 1e30)):
        norm = layers.BatchNormalization(momentum=0.25, epsilon=1e-5)
        x, sizes = batch(extra, value)
        feature_map, _ = SizedStack([norm])([x, sizes], training=True)
        np.testing.assert_allclose(numpy(norm.moving_mean), 0.75 * mean, atol=1e-5)
        np.testing.assert_allclose(numpy(norm.moving_variance), 0.25 + 0.75 * variance, atol=1e-4)
        for found, image in zip(numpy(feature_map), IMAGES, strict=True):
            height, width = image.shape[:2]
            expected = (image - mean) / np.sqrt(variance + 1e-5)
            np.testing.assert_allclose(found[:height, :width], expected, atol=1e-4)
            assert (found[height:] == 0).all()
    plain = layers.BatchNormalization(momentum=0.25)
    plain(batch(9, 0)[0], training=True)
    assert np.abs(numpy(plain.moving_variance) - 0.25 - 0.75 * variance).min() > 0.1


def network(stack=None, **compiled):
    """A stack, and the mean of its map over the padded cells, scaled to be over the real ones."""
    images, sizes = keras.Input((None, None, 2)), keras.Input((2,), dtype="int32")
    if stack is None:
        stack = STACKS["crnn"]()
    feature_map, map_sizes = SizedStack(stack, name="stack")([images, sizes])
    cells = ops.cast(ops.prod(map_sizes, axis=1, keepdims=True), feature_map.dtype)
    mean = ops.sum(feature_map, axis=(1, 2)) / ops.maximum(cells, 1)
    model = keras.Model([images, sizes], layers.Dense(1, dtype="float32")(mean))
    model.compile(keras.optimizers.SGD(0.05), "mse", **compiled)
    return model


TARGETS = np.array([[1.0], [-2], [3]], "float32")


def changes(model, x, sizes, before):
    model.set_weights(before)
    model.train_on_batch([x, sizes], TARGETS)
    return [new - old for new, old in zip(model.get_weights(), before, strict=True)]


@pytest.mark.sampled(4)
@pytest.mark.slow
@pytest.mark.parametrize("name", ["crnn", "cells alone", "max, same", "transposed"])
def test_gradients_and_statistics_do_not_depend_on_the_padding(name):
    stack = [layer for layer in STACKS[name]() if not isinstance(layer, layers.Dropout)]
    model = network(stack)
    before = model.get_weights()
    first, *others = (
        changes(model, *batch(extra, value), before)
        for extra, value in zip(WIDER, (0, np.nan, np.inf), strict=True)
    )
    for one in others:
        assert max(np.abs(change).max() for change in one) > 1e-3
        for here, there in zip(one, first, strict=True):
            np.testing.assert_allclose(here, there, atol=2e-5)


@pytest.mark.slow
def test_the_gradient_of_an_image_is_the_one_it_has_alone():
    table = layers.Dense(2, kernel_initializer="random_normal")  # before the stack: gets gradients
    inputs, sizes = keras.Input((None, None, 2)), keras.Input((2,), dtype="int32")
    stack = [conv(3, padding="same"), negative(), layers.MaxPooling2D(2), conv(3)]
    feature_map, _ = SizedStack(stack)([table(inputs), sizes])
    model = keras.Model([inputs, sizes], ops.sum(feature_map, axis=(1, 2)))
    model.compile(keras.optimizers.SGD(0.01), "mae")  # its gradient is a sum over the images
    before, total = model.get_weights(), None
    goal = np.full((len(IMAGES), 3), 1e6, "float32")
    for i in range(len(IMAGES)):
        x, size = batch(images=IMAGES[i : i + 1])
        model.set_weights(before)
        model.train_on_batch([x, size], goal[:1])
        moved = [new - old for new, old in zip(model.get_weights(), before, strict=True)]
        total = moved if total is None else [a + b for a, b in zip(total, moved, strict=True)]
    model.set_weights(before)
    model.train_on_batch(list(batch(4, 1e30)), goal)
    for new, old, expected in zip(model.get_weights(), before, total, strict=True):
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(new - old, expected / len(IMAGES), rtol=1e-3, atol=1e-4)


@pytest.mark.sampled(2)
@pytest.mark.slow
@pytest.mark.parametrize("order", [1] if BACKEND == "jax" else [1, -1])
def test_fit_and_predict_take_batches_of_several_sizes(order):
    model = network()
    batches = [batch(0, 0), batch(6, np.nan)][::order]
    for x, sizes in batches:
        history = model.fit([x, sizes], TARGETS, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
    first, second = (model.predict(list(each), verbose=0) for each in batches)
    assert first.shape == (3, 1)
    np.testing.assert_allclose(first, numpy(model(list(batches[0]))), atol=1e-5)
    np.testing.assert_allclose(first, second, atol=1e-5)
    single = [model.predict(list(batch(images=[image])), verbose=0) for image in IMAGES]
    np.testing.assert_allclose(np.concatenate(single), first, atol=1e-5)


@pytest.mark.wide
@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX always compiles, PyTorch has no XLA")
def test_it_compiles_with_xla():
    eager = network(run_eagerly=True)
    compiled = network(jit_compile=True)
    before = eager.get_weights()
    for extra, value in ((0, np.nan), (6, 1e30)):
        x, sizes = batch(extra, value)
        expected, found = (changes(model, x, sizes, before) for model in (eager, compiled))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=2e-5)
        np.testing.assert_allclose(
            compiled.predict([x, sizes], verbose=0), eager.predict([x, sizes], verbose=0), atol=1e-5
        )


def test_a_stack_is_its_config():
    stack = SizedStack(STACKS["cells alone"](), name="mine", trainable=False)
    config = stack.get_config()
    again = SizedStack.from_config(config)
    assert again.name == "mine"
    assert not again.trainable
    assert [layer.get_config() for layer in again.layers] == [
        layer.get_config() for layer in stack.layers
    ]
    assert again.get_config() == config


@pytest.mark.slow
def test_it_saves_and_loads(tmp_path):
    model = network()
    x, sizes = batch(2, 7)
    model.fit([x, sizes], TARGETS, verbose=0)
    expected = model.predict([x, sizes], verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict([x, sizes], verbose=0), expected, atol=1e-6)
    assert isinstance(loaded.get_layer("stack"), SizedStack)
    kinds = [type(layer).__name__ for layer in loaded.get_layer("stack").layers]
    assert kinds == [type(layer).__name__ for layer in model.get_layer("stack").layers]
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = network()
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(fresh.predict([x, sizes], verbose=0), expected, atol=1e-6)
    loaded.fit([x, sizes], TARGETS, verbose=0)  # it is compiled and trains on
    assert len(loaded.trainable_weights) == len(model.trainable_weights) == 8


@pytest.mark.slow
def test_a_model_gives_its_layers_with_their_weights():
    plain = keras.Sequential([keras.Input((None, None, 2)), conv(3), layers.MaxPooling2D(2)])
    stack = SizedStack(plain)
    assert stack.layers == plain.layers
    image = IMAGES[0]
    feature_map, _ = stack(list(batch(images=[image])))
    np.testing.assert_allclose(numpy(feature_map), plain.predict(image[None], verbose=0), atol=1e-5)
    assert len(stack.trainable_weights) == 2
    stack.trainable = False
    assert not stack.trainable_weights


@pytest.mark.slow
def test_shapes_and_dtypes_of_a_symbolic_call():
    images, sizes = keras.Input((12, None, 2)), keras.Input((2,), dtype="int32")
    feature_map, map_sizes = SizedStack(STACKS["crnn"]())([images, sizes])
    assert feature_map.shape == (None, 3, None, 3)
    assert map_sizes.shape == (None, 2)
    assert (feature_map.dtype, map_sizes.dtype) == ("float32", "int32")
    model = keras.Model([images, sizes], [feature_map, map_sizes])
    x, size = batch()
    outputs = model.predict([x, size], verbose=0)
    np.testing.assert_array_equal(outputs[1], numpy(output_sizes(STACKS["crnn"](), size)))
    assert outputs[0].shape == (3, 3, 7, 3)


def test_an_image_of_size_0_gives_zeros_and_leaves_the_others_alone():
    stack = SizedStack(STACKS["crnn"]())
    x, sizes = batch()
    expected, _ = stack([x, sizes])
    x, sizes = np.concatenate([x, x[:2]]), np.concatenate([sizes, [[0, 0], [0, 5]]])
    feature_map, map_sizes = stack([x, sizes])
    assert numpy(map_sizes)[3:].tolist() == [[0, 0], [0, 0]]
    assert (numpy(feature_map)[3:] == 0).all()
    np.testing.assert_allclose(numpy(feature_map)[:3], numpy(expected), atol=1e-5)
    empty, none = stack([x, np.zeros((5, 2), "int32")], training=True)
    assert (numpy(empty) == 0).all()
    assert not numpy(none).any()
    assert all(np.isfinite(weight).all() for weight in stack.get_weights())


@pytest.mark.slow
def test_a_too_small_image_is_an_error_or_empty_once_compiled():
    stack = [conv(3, name="first"), layers.MaxPooling2D(4, name="second")]
    x, sizes = batch()
    sizes[1] = (12, 5)
    with pytest.raises(ValueError, match=r"at least 6 x 6 .* got 12 x 5 in row 1; 'second' \(Max"):
        SizedStack(stack)([x, sizes])
    model = network(stack, run_eagerly=BACKEND == "torch")
    if BACKEND == "torch":  # it never compiles, so sizes always have values
        with pytest.raises(ValueError, match="got 12 x 5 in row 1; 'second'"):
            model.predict([x, sizes], verbose=0)
    else:
        bias = model.get_weights()[-1]
        np.testing.assert_allclose(model.predict([x, sizes], verbose=0)[1], bias)


def test_integers_are_images_too():
    x = RNG.integers(0, 256, (2, 6, 7, 1)).astype("uint8")
    sizes = np.array([[6, 4], [5, 7]], "int64")
    stack = SizedStack([layers.Rescaling(1 / 255), layers.Conv2D(2, 3)])
    feature_map, _ = stack([x, sizes])
    again, _ = stack([x.astype("float32"), sizes])
    np.testing.assert_allclose(numpy(feature_map), numpy(again), atol=1e-6)
    plain, _ = SizedStack([stack.layers[1]])([x, sizes])
    np.testing.assert_allclose(numpy(plain), 255 * numpy(feature_map), atol=1e-2)


@pytest.mark.sampled(2)
@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_is_kept(policy):
    kind = policy.split("_")[1]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        stack = SizedStack(
            [
                conv(3, padding="same"),
                layers.BatchNormalization(),
                negative(),
                layers.MaxPooling2D(2, padding="same"),
                layers.AveragePooling2D(2, padding="same"),
            ]
        )
        images, sizes = keras.Input((None, None, 2)), keras.Input((2,), dtype="int32")
        assert stack([images, sizes])[0].dtype == kind
        found, _ = stack(list(batch(3, np.inf)))
        assert keras.backend.standardize_dtype(found.dtype) == kind
        found = numpy(ops.cast(found, "float32"))
        for row, image in zip(found, IMAGES, strict=True):
            single, size = stack(list(batch(images=[image])))
            height, width = numpy(size)[0]
            np.testing.assert_allclose(
                row[:height, :width], numpy(ops.cast(single, "float32"))[0], rtol=0.02, atol=0.02
            )
        model = network(stack.layers)
        model.fit(list(batch(3, np.nan)), TARGETS, verbose=0)
        assert all(np.isfinite(weight.astype("float32")).all() for weight in model.get_weights())
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize(
    ("layer", "phases"),
    [
        (lambda: layers.Conv2D(1, 3, 2, "same", kernel_initializer="ones"), True),
        (lambda: layers.DepthwiseConv2D(3, 2, "same", depthwise_initializer="ones"), True),
        (lambda: layers.MaxPooling2D(3, 2, "same"), True),
        (lambda: layers.MaxPooling2D((1, 3), (1, 3), "same"), True),
        (lambda: layers.Conv2D(1, (3, 2), (1, 2), "same", kernel_initializer="ones"), False),
        (lambda: layers.Conv2D(1, 2, 2, "same", kernel_initializer="ones"), False),
        (lambda: layers.MaxPooling2D(2, 2, "same"), False),
        (lambda: layers.MaxPooling2D(1, 3, "same"), False),
    ],
)
def test_strided_same_padding_starts_where_the_padded_size_says(layer, phases):
    layer = layer()
    image = np.arange(25.0, dtype="float32").reshape(1, 5, 5, 1)
    seen = {
        tuple(numpy(layer(np.pad(image, ((0, 0), (0, i), (0, i), (0, 0)))))[0, :2, :2].ravel())
        for i in range(3)
    }
    assert (len({tuple(map(float, corner[:1])) for corner in seen}) > 1) == phases
    if phases:
        message = r"padding 'valid' with strides=\(\d, \d\), got 'same' in '.*ZeroPadding2D before"
        with pytest.raises(ValueError, match=message):
            SizedStack([layer])
    else:
        SizedStack([layer])


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (layers.Flatten(), TypeError, r"\(Flatten\)"),
        (layers.BatchNormalization(axis=1), ValueError, "axis -1, the channels, got 1 in 'batch_n"),
        (layers.LayerNormalization(axis=[1, 2, 3]), ValueError, r"got \[1, 2, 3\] in 'layer_norm"),
        (layers.Softmax(axis=2), ValueError, "got 2 in 'softmax"),
        (layers.PReLU(), ValueError, r"shared_axes=\[1, 2\], got None"),
        (layers.UpSampling2D(2, interpolation="bilinear"), ValueError, "'nearest', got 'bilinear'"),
        (layers.Conv2D(1, 1, activity_regularizer="l2"), ValueError, "it counts the padding"),
        (layers.Conv2D(1, 1, data_format="channels_first"), ValueError, "got 'channels_first'"),
    ],
)
def test_layers_that_mix_cells_otherwise_are_refused(layer, error, message):
    with pytest.raises(error, match=message):
        SizedStack([layers.ReLU(), layer])


X = np.zeros((2, 6, 8, 1), "float32")


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ([X, np.array([[6, 8], [7, 8]])], ValueError, "height 0 to 6, .*, got 7 x 8 in row 1"),
        ([X, np.array([[6, 9], [6, 8]])], ValueError, "width 0 to 8, .*, got 6 x 9 in row 0"),
        ([X, np.array([[6, 8], [6, -1]])], ValueError, "at least 0, got 6 x -1 in row 1"),
        ([X, np.array([[6.0, 8], [6, 8]])], TypeError, "sizes: expected integers, got dtype"),
        ([X, np.array([[6, 8]])], ValueError, r"expected \[images, sizes\] of shapes .*\(1, 2\)"),
        ([X, np.array([6, 8])], ValueError, r"of shapes .* got \[\(2, 6, 8, 1\), \(2,\)\]"),
        ([X[..., 0], np.array([[6, 8]] * 2)], ValueError, r"got \[\(2, 6, 8\), \(2, 2\)\]"),
        (X, ValueError, r"expected \[images, sizes\] of shapes"),
        ([X[:, :2], np.array([[0, 0]] * 2)], ValueError, "at least 3 x 3 .*, got height 2"),
        ([X[:, :, :1], np.array([[0, 0]] * 2)], ValueError, "at least 3 x 3 .*, got width 1"),
    ],
)
def test_bad_inputs_are_refused(inputs, error, message):
    built = SizedStack([layers.Conv2D(1, 3)])
    built([X, np.array([[6, 8]] * 2)])
    for stack in (SizedStack([layers.Conv2D(1, 3)]), built):
        with pytest.raises(error, match=message):
            stack(inputs)
