"""Sizes of images through layers: the arithmetic is what the layers really give."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.images import output_sizes, smallest_size, strides

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
EVERY = range(1, 61)
CALLED = EVERY[::15] if BACKEND == "jax" else EVERY  # JAX compiles the layer anew for each width
SAMPLE = (1, 4, 31) if BACKEND == "jax" else (1, 2, 3, 4, 5, 6, 7, 9, 12, 31)


def grid():
    """Windows of every kind: kernel, strides, padding, dilation."""
    for kernel, stride, padding in itertools.product(
        (1, 2, 3, 5, 8, (3, 5)), (1, 2, 3), ("valid", "same")
    ):
        options = {"strides": stride, "padding": padding}
        yield layers.Conv2D(1, kernel, **options)
        yield layers.DepthwiseConv2D(kernel, **options)
        yield layers.SeparableConv2D(1, kernel, **options)
        yield layers.MaxPooling2D(kernel, **options)
        yield layers.AveragePooling2D(kernel, **options)
        yield layers.Conv2DTranspose(1, kernel, **options)
    for kernel, dilation, padding in itertools.product((2, 3), (2, 3, (1, 4)), ("valid", "same")):
        yield layers.Conv2D(1, kernel, dilation_rate=dilation, padding=padding)
        yield layers.DepthwiseConv2D(kernel, dilation_rate=dilation, padding=padding)


LAYERS = {
    "conv, valid": lambda: layers.Conv2D(1, 3, strides=2),
    "conv, same": lambda: layers.Conv2D(1, 5, strides=3, padding="same"),
    "conv, other axes": lambda: layers.Conv2D(1, (2, 5), strides=(3, 1)),
    "conv, dilation": lambda: layers.Conv2D(1, (2, 3), dilation_rate=(3, 2)),
    "separable": lambda: layers.SeparableConv2D(1, 3, strides=2),
    "depthwise": lambda: layers.DepthwiseConv2D(3, strides=2, padding="same"),
    "max, valid": lambda: layers.MaxPooling2D(3, strides=2),
    "max, same": lambda: layers.MaxPooling2D((2, 3), padding="same"),
    "average, valid": lambda: layers.AveragePooling2D(2),
    "average, same": lambda: layers.AveragePooling2D(3, strides=1, padding="same"),
    "zeros": lambda: layers.ZeroPadding2D(((1, 0), (2, 3))),
    "crop": lambda: layers.Cropping2D(((1, 0), (2, 1))),
    "up": lambda: layers.UpSampling2D((2, 3)),
    "transposed, valid": lambda: layers.Conv2DTranspose(1, 3, strides=2),
    "transposed, valid, gaps": lambda: layers.Conv2DTranspose(1, 2, strides=3),
    "transposed, same": lambda: layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
    "transposed, extra": lambda: layers.Conv2DTranspose(
        1, 3, strides=2, padding="valid", output_padding=1
    ),
}
STACKS = {
    "crnn": lambda: [
        layers.Rescaling(1 / 255),
        layers.Conv2D(1, 3, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Conv2D(1, (3, 5), activation="relu"),
        layers.SpatialDropout2D(0.1),
        layers.MaxPooling2D((2, 1)),
        layers.Dense(3),
    ],
    "padded strides": lambda: [
        layers.ZeroPadding2D(1),
        layers.Conv2D(1, 3, strides=2),
        layers.ZeroPadding2D(1),
        layers.DepthwiseConv2D(3, strides=2),
    ],
    "down and up": lambda: [
        layers.Conv2D(1, 4, strides=2),
        layers.AveragePooling2D(3, strides=1),
        layers.Conv2DTranspose(1, 2, strides=2),
        layers.UpSampling2D((1, 3)),
        layers.Cropping2D(1),
    ],
}


def numpy(x):
    return ops.convert_to_numpy(x)


def keras_size(stack, height, width):
    """The size that Keras says its layers give, (0, 0) where they leave nothing."""
    shape = (1, height, width, 1)
    for layer in stack:
        try:
            shape = layer.compute_output_shape(shape)
        except ValueError:  # smaller than the window; some versions and layers give 0 or less
            return (0, 0)
        if min(shape[1:3]) < 1:
            return (0, 0)
    return tuple(shape[1:3])


def check_every_size(stack):
    sizes = np.array([(61 - width, width) for width in EVERY])
    expected = np.array([keras_size(stack, *size) for size in sizes.tolist()])
    whole = (expected > 0).all(axis=1)
    assert whole.any()
    found = output_sizes(stack, sizes[whole])
    np.testing.assert_array_equal(numpy(found), expected[whole])
    for size in sizes[~whole]:
        with pytest.raises(ValueError, match="sizes: expected at least"):
            output_sizes(stack, size)
    return whole


def test_sizes_are_what_keras_says_for_every_size_and_window():
    some_lost = [not check_every_size([layer]).all() for layer in grid()]
    assert any(some_lost)
    assert not all(some_lost)


@pytest.mark.parametrize("name", [*LAYERS, *STACKS])
def test_sizes_are_what_keras_says_for_every_size(name):
    check_every_size([LAYERS[name]()] if name in LAYERS else STACKS[name]())


def check_real_calls(stack, sizes):
    least = smallest_size(stack)
    images = {size: np.zeros((1, *size, 1), "float32") for size in sizes}
    images = {size: x for size, x in images.items() if size[0] >= least[0] and size[1] >= least[1]}
    expected = []
    for x in images.values():
        for layer in stack:
            x = layer(x)
        expected.append(tuple(x.shape[1:3]))
    assert len(expected) > len(sizes) // 2
    found = numpy(output_sizes(stack, np.array(list(images))))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["conv, valid", "conv, same", "max, valid", "max, same"])
def test_sizes_are_what_the_layer_gives_for_every_width(name):
    check_real_calls([LAYERS[name]()], [(5, width) for width in CALLED])


@pytest.mark.parametrize("name", [*LAYERS, *STACKS])
def test_sizes_are_what_the_layers_give(name):
    stack = [LAYERS[name]()] if name in LAYERS else STACKS[name]()
    check_real_calls(stack, [(19 + width // 4, width + 8) for width in SAMPLE])


@pytest.mark.parametrize("name", [*LAYERS, *STACKS])
def test_one_pixel_below_the_smallest_size_nothing_is_left(name):
    stack = [LAYERS[name]()] if name in LAYERS else STACKS[name]()
    height, width = smallest_size(stack)
    assert min(numpy(output_sizes(stack, [height, width]))) >= 1
    assert min(keras_size(stack, height, width)) >= 1
    for axis, size in enumerate([(height - 1, width), (height, width - 1)]):
        if min(size):
            assert keras_size(stack, *size)[axis] == 0
            with pytest.raises(ValueError, match=rf"at least {height} x {width} \(height x width"):
                output_sizes(stack, size)


def test_the_error_names_row_size_layer_and_what_works():
    stack = [
        layers.MaxPooling2D(2, name="first"),
        layers.Conv2D(4, (3, 5), name="second"),
        layers.MaxPooling2D(2, name="third"),
    ]
    assert smallest_size(stack) == (8, 12)
    message = r"at least 8 x 12 .*, got 8 x {} in row 1; '{}' \({}\) leaves nothing of it$"
    for width, name, kind in ((1, "first", "Max"), (9, "second", "Conv"), (11, "third", "Max")):
        with pytest.raises(ValueError, match=message.format(width, name, f"{kind}.*2D")):
            output_sizes(stack, [[8, 12], [8, width]])
    with pytest.raises(ValueError, match="got 7 x 12; 'third'"):
        output_sizes(stack, (7, 12))


@pytest.mark.slow
def test_what_plain_layers_say_of_an_image_that_is_too_small():
    small = keras.Input((3, 3, 1))
    with pytest.raises(ValueError, match=r"Computed output size would be (zero or )?negative"):
        layers.Conv2D(1, 5)(small)
    with pytest.raises(ValueError, match="should be smaller than the corresponding spatial dim"):
        layers.Cropping2D(2)(small)
    model = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(1, 5)])
    message = {
        "tensorflow": "Negative dimension size caused by subtracting 5 from 3",
        "jax": "resulted in an empty output",
        "torch": "Kernel size can't be greater than actual input size",
    }[BACKEND]
    with pytest.raises((ValueError, RuntimeError), match=message):
        model.predict(np.zeros((1, 3, 3, 1), "float32"), verbose=0)


def test_a_size_of_0_is_no_image():
    stack = [layers.ZeroPadding2D(2), layers.Conv2DTranspose(1, 3)]
    found = numpy(output_sizes(stack, [[0, 0], [4, 0], [0, 4], [1, 1]]))
    assert found.tolist() == [[0, 0], [0, 0], [0, 0], [7, 7]]
    assert numpy(output_sizes([layers.ReLU()], [[0, 4], [4, 4]])).tolist() == [[0, 0], [4, 4]]
    assert numpy(output_sizes(stack, np.zeros((0, 2), int))).shape == (0, 2)


def test_shape_and_dtype_are_kept():
    stack = [layers.MaxPooling2D(2)]
    for sizes in ([9, 4], (9, 4), np.array([9, 4], "uint8"), ops.convert_to_tensor([9, 4])):
        found = output_sizes(stack, sizes)
        assert numpy(found).tolist() == [4, 2]
        assert keras.backend.standardize_dtype(found.dtype) == "int32"
    assert numpy(output_sizes(stack, [[9, 4]])).tolist() == [[4, 2]]


@pytest.mark.slow
def test_sizes_in_a_model():
    stack = [layers.Conv2D(1, 3), layers.MaxPooling2D((2, 1)), layers.ZeroPadding2D(1)]
    sizes = keras.Input((2,), dtype="int32")
    model = keras.Model(sizes, output_sizes(stack, sizes))
    given = np.array([[9, 4], [4, 3], [3, 9], [0, 0]], "int32")
    expected = numpy(output_sizes(stack, given[:2])).tolist()
    found = model.predict(given, verbose=0)
    assert found.dtype == np.int32
    assert found.tolist() == [*expected, [0, 0], [0, 0]]  # too small, and no image


def test_models_are_read_as_the_layers_they_run():
    first = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(2, 3, strides=2)])
    inputs = keras.Input((None, None, 1))
    x = layers.MaxPooling2D(2)(layers.ReLU()(first(inputs)))
    model = keras.Model(inputs, layers.Conv2D(1, (1, 3))(x))
    listed = [first, layers.ReLU(), (layers.MaxPooling2D(2), [layers.Conv2D(1, (1, 3))])]
    unbuilt = keras.Sequential([layers.Conv2D(2, 3, strides=2), layers.MaxPooling2D(2)])
    assert smallest_size(model) == smallest_size(listed) == (5, 13)
    assert strides(model) == strides(listed) == strides(unbuilt) == (4, 4)
    assert numpy(output_sizes(model, [21, 30])).tolist() == [5, 5]
    assert model(np.zeros((1, 21, 30, 1), "float32")).shape[1:3] == (5, 5)
    assert strides(keras.Model(first.inputs, first.outputs)) == (2, 2)


def test_an_inner_part_of_a_model_ends_at_its_own_input():
    inputs = keras.Input((None, None, 1))
    middle = layers.MaxPooling2D(3)(inputs)
    end = layers.MaxPooling2D(2)(middle)
    assert strides(keras.Model(middle, end)) == (2, 2)
    assert strides(keras.Model(inputs, end)) == (6, 6)


def test_strides_are_pixels_between_cells():
    stack = [layers.Conv2D(1, 3, strides=2), layers.MaxPooling2D((2, 1)), layers.ReLU()]
    assert strides(stack) == (4, 2)
    image = np.zeros((1, 17, 19, 1), "float32")
    keep = {"kernel_initializer": "ones", "use_bias": False}
    stack[0] = layers.Conv2D(1, 3, strides=2, **keep)

    def first_cell(row, column):
        x = image.copy()
        x[0, row, column] = 1
        for layer in stack:
            x = layer(x)
        return np.argwhere(numpy(x)[0, :, :, 0])[0]

    moved = first_cell(3 + strides(stack)[0], 5 + strides(stack)[1]) - first_cell(3, 5)
    assert moved.tolist() == [1, 1]
    assert strides([layers.ReLU()]) == (1, 1)
    assert strides([layers.UpSampling2D((2, 1)), layers.MaxPooling2D((1, 3))]) == (0.5, 3)
    assert strides([layers.Conv2DTranspose(1, 3, strides=2), layers.MaxPooling2D(4)]) == (2, 2)


class Opaque(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("stack", "error", "message"),
    [
        ([], ValueError, "at least one layer, got none"),
        (keras.Sequential(), ValueError, "at least one layer, got none"),
        (["conv"], TypeError, "expected layers, got str"),
        ([layers.Flatten(name="flat")], TypeError, r"Conv2D, .*; got 'flat' \(Flatten\)"),
        ([layers.Conv1D(1, 2)], TypeError, r"\(Conv1D\)"),
        ([layers.Resizing(8, 8)], TypeError, r"\(Resizing\)"),
        ([layers.GlobalMaxPooling2D()], TypeError, r"\(GlobalMaxPooling2D\)"),
        ([layers.GroupNormalization()], TypeError, r"\(GroupNormalization\)"),
        ([layers.MaxPooling2D(2, data_format="channels_first")], ValueError, "'channels_first' in"),
        (Opaque(name="mine"), TypeError, r"got 'mine' \(Opaque\), which does not say what it runs"),
    ],
)
def test_other_layers_are_refused(stack, error, message):
    for call in (smallest_size, strides, lambda layers: output_sizes(layers, [9, 9])):
        with pytest.raises(error, match=message):
            call(stack)


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ([[3.0, 4.0]], TypeError, "sizes: expected integers, got dtype"),
        ([[True, False]], TypeError, "sizes: expected integers, got dtype"),
        ([3, 4, 5], ValueError, r"sizes: expected \(batch, 2\) or \(2,\), got shape \(3,\)"),
        ([[[3, 4]]], ValueError, r"got shape \(1, 1, 2\)"),
        (3, ValueError, r"got shape \(\)"),
        ([[3, 4], [3, -4]], ValueError, "sizes: expected at least 0, got 3 x -4 in row 1"),
    ],
)
def test_bad_sizes_are_refused(sizes, error, message):
    with pytest.raises(error, match=message):
        output_sizes([layers.ReLU()], sizes)
