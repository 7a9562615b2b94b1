"""Sizes through networks that branch: what Keras says of the plain model, or a refusal by name."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.images import SizedStack, output_sizes, smallest_size, strides

NETWORKS = {
    "ResNet50": (32, 32),
    "MobileNetV2": (32, 32),
    "EfficientNetV2B0": (32, 32),
    "DenseNet121": (32, 32),
    "Xception": (32, 32),
}
any_backend = pytest.mark.any_backend


def numpy(x):
    return ops.convert_to_numpy(x)


@pytest.fixture(scope="module")
def network():
    """Makes each network once, without weights, which are what takes time."""

    @functools.cache
    def build(name):
        with keras.StatelessScope(initialize_variables=False):
            return getattr(keras.applications, name)(
                weights=None, include_top=False, input_tensor=keras.Input((None, None, 3))
            )

    return build


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_sizes_of_published_networks(network, name):
    model = network(name)
    least = smallest_size(model)
    sizes = [(max(least[0], 170 - 7 * i), max(least[1], 41 + 11 * i)) for i in range(20)]
    expected = [model.compute_output_shape((1, *size, 3))[1:3] for size in sizes]
    assert numpy(output_sizes(model, sizes)).tolist() == list(map(list, expected))
    assert len(set(expected)) > 5
    assert strides(model) == NETWORKS[name]


@pytest.mark.slow
def test_the_smallest_image_of_a_published_network(network):
    model = network("Xception")  # its first convolutions are "valid"
    height, width = smallest_size(model)
    assert model.compute_output_shape((1, height, width, 3))[1:3] == (1, 1)
    with pytest.raises(ValueError, match=f"at least {height} x {width} .*got {height - 1} x"):
        output_sizes(model, (height - 1, width))


# Small ones


def model(make):
    inputs = keras.Input((None, None, 2))
    return keras.Model(inputs, make(inputs))


def conv(x, *args, **options):
    return layers.Conv2D(2, *args, **options)(x)


def excited(x, *, keepdims=False):
    """Squeeze and excitation."""
    cell = layers.GlobalAveragePooling2D(keepdims=keepdims)(x)
    cell = layers.Reshape((1, 1, 2))(cell)
    cell = conv(conv(cell, 1, activation="relu"), 1, activation="sigmoid")
    return layers.Multiply()([x, cell])


def residual(x):
    y = conv(layers.ZeroPadding2D(((1, 0), (0, 1)))(x), 2, strides=2, dilation_rate=1)
    return layers.Add()([y, conv(x, 1, strides=2, padding="same")])


def dense(x):
    for _ in range(3):
        x = layers.Concatenate()([x, conv(layers.ReLU()(x), (3, 5), padding="same")])
    return layers.AveragePooling2D(2)(x)


def down_and_up(x):
    y = layers.UpSampling2D(2)(conv(layers.MaxPooling2D(2)(x), 3, padding="same"))
    return layers.Concatenate(axis=3)([x, y])


def with_operations(x):
    return ops.relu(1 - conv(x, 3)) * 0.5 + layers.Cropping2D(1)(x)


def one_inside_another(x):
    inner = model(residual)
    return layers.Add()([excited(inner(x)), keras.Sequential([model(residual), layers.ReLU()])(x)])


def all_joints(x):
    y = conv(x, 3)
    z = layers.Cropping2D(1)(x)
    for joint in (layers.Subtract(), layers.Average(), layers.Maximum(), layers.Minimum()):
        y = joint([y, z])
    return ops.maximum(y, z) - z / (z + 1)


SMALL = {
    "residual": residual,
    "dense": dense,
    "excited": excited,
    "excited, kept axes": lambda x: conv(excited(x, keepdims=True), 3, strides=2),
    "a vector of channels": lambda x: layers.Multiply()(
        [x, layers.Dense(2)(layers.GlobalMaxPooling2D()(x))]
    ),
    "operations": with_operations,
    "operations on one cell": lambda x: layers.Multiply()(
        [x, layers.Reshape((1, 2))(2 * ops.sigmoid(layers.GlobalMaxPooling2D()(x)))]
    ),
    "inside": one_inside_another,
    "all joints": all_joints,
    "shared": lambda x: (lambda layer: layers.Add()([layer(x), layer(layers.ReLU()(x))]))(
        layers.Conv2D(2, 3, strides=2)
    ),
}


@any_backend
@pytest.mark.parametrize("name", SMALL)
def test_small_networks_say_what_a_call_gives(name):
    network = model(SMALL[name])
    least = smallest_size(network)
    for size in ((7, 12), (12, 9)):
        called = network(np.zeros((1, *size, 2), "float32"))
        assert numpy(output_sizes(network, size)).tolist() == list(called.shape[1:3])
    sizes = [(least[0] + i, least[1] + 2 * i) for i in range(20)]
    expected = [list(network.compute_output_shape((1, *size, 2))[1:3]) for size in sizes]
    assert numpy(output_sizes(network, sizes)).tolist() == expected


@any_backend
@pytest.mark.parametrize(
    ("name", "joint"),
    [("residual", r"'add.*\(Add\)"), ("excited", r"\(Multiply\)"), ("operations", "'subtract")],
)
def test_a_network_that_branches_is_no_stack(name, joint):
    message = f"one chain of layers, got .*{joint}.* output_sizes.model, sizes. is how much"
    with pytest.raises(ValueError, match=message):
        SizedStack(model(SMALL[name]))


@any_backend
def test_paths_that_meet_at_some_sizes_only():
    network = model(down_and_up)
    assert smallest_size(network) == (2, 2)
    assert strides(network) == (1, 1)
    assert numpy(output_sizes(network, [[6, 8], [2, 4]])).tolist() == [[6, 8], [2, 4]]
    message = r"paths leave the same, got 6 x 9 in row 1; 6 x 9 and 6 x 8 of it meet at '.*Concat"
    with pytest.raises(ValueError, match=message):
        output_sizes(network, [[6, 8], [6, 9]])
    with pytest.raises(ValueError, match=r"got 7 x 8; 7 x 8 and 6 x 8 of it"):
        output_sizes(network, (7, 8))


@any_backend
def test_an_image_too_small_for_a_path_that_is_pooled():
    def make(x):
        cell = layers.GlobalAveragePooling2D(keepdims=True)(conv(x, 5))
        return layers.Multiply()([x, cell])

    assert smallest_size(model(make)) == (5, 5)
    with pytest.raises(ValueError, match=r"at least 5 x 5 .* got 9 x 4; 'conv2d.*nothing of it"):
        output_sizes(model(make), (9, 4))


@any_backend
@pytest.mark.slow
def test_sizes_of_branches_in_a_model():
    """Without values an image that does not fit comes out as (0, 0)."""

    def make(x):
        cell = layers.GlobalAveragePooling2D(keepdims=True)(conv(x, 5))
        return layers.MaxPooling2D(2)(layers.Multiply()([conv(down_and_up(x), 1), conv(cell, 1)]))

    sizes = keras.Input((2,), dtype="int32")
    network = keras.Model(sizes, output_sizes(model(lambda x: make(conv(x, 1))), sizes))
    given = np.array([[6, 8], [6, 9], [4, 8], [0, 0]], "int32")
    assert network.predict(given, verbose=0).tolist() == [[3, 4], [0, 0], [0, 0], [0, 0]]


@any_backend
def test_automatic_names_of_layers_stay():
    keras.utils.clear_session()
    network = model(lambda x: x + layers.ReLU()(x))
    output_sizes(network, (5, 6))
    assert layers.Multiply().name == "multiply"
    assert layers.Maximum().name == "maximum"


def two_images():
    inputs = [keras.Input((None, None, 2)) for _ in "ab"]
    return keras.Model(inputs, layers.Add()(inputs))


def two_maps():
    inputs = keras.Input((None, None, 2))
    return keras.Model(inputs, [layers.ReLU()(inputs), layers.ELU()(inputs)])


def called_with_two():
    inputs = keras.Input((None, None, 2))
    return keras.Model(inputs, two_images()([inputs, inputs]))


@any_backend
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda x: layers.Add(name="both")([x, layers.MaxPooling2D(2)(x)]),
            ValueError,
            r"one stride where they meet, got 1 x 1 and 2 x 2 \(rows x columns\) at 'both' \(Add\)",
        ),
        (
            lambda x: layers.Add()([x, layers.MaxPooling2D((1, 2), padding="same")(x)]),
            ValueError,
            r"one stride .* 1 x 1 and 1 x 2",
        ),
        (
            lambda x: layers.Concatenate(name="both")([x, conv(x, 3)]),
            ValueError,
            r"one size where they meet, got 3 x 3 and 1 x 1 of 3 x 3 at 'both' \(Concatenate\)",
        ),
        (
            lambda x: layers.Concatenate(axis=1)([x, x]),
            ValueError,
            r"axis -1, the channels, got 1 in 'concatenate.*\(Concatenate\)",
        ),
        (
            lambda x: layers.Dot(-1)([x, x]),
            ValueError,
            r"one input, got 2 of 'dot.*\(Dot\)",
        ),
        (
            lambda x: x + layers.UpSampling2D(7)(layers.GlobalMaxPooling2D(keepdims=True)(x)),
            ValueError,
            r"one cell to stay one, got \(7, 7\) of 'up_.*\(UpSampling2D\)",
        ),
        (
            lambda x: layers.Add()([x, layers.Reshape((2, 1, 1))(layers.GlobalMaxPooling2D()(x))]),
            ValueError,
            r"one cell to stay one, got \(2, 1\) of 'reshape.*\(Reshape\)",
        ),
        (
            lambda x: layers.Dense(3)(layers.GlobalAveragePooling2D(name="pooled")(x)),
            TypeError,
            r"leave a height and a width, got 'pooled' \(GlobalAveragePooling2D\); pass the layers",
        ),
        (
            lambda x: layers.Add()([x, layers.Reshape((2, 1))(layers.GlobalMaxPooling2D()(x))]),
            ValueError,
            r"one cell to stay one, got \(2,\) of 'reshape",
        ),
        (lambda x: layers.Reshape((-1, 2))(x), TypeError, r"Add, .*; got 'reshape.*\(Reshape\)"),
        (lambda x: ops.mean(x, axis=1), TypeError, r"layers, sums, products .*got 'mean.*\(Mean\)"),
        (lambda x: x * np.ones((3, 1, 1), "float32"), ValueError, r"single numbers, got shapes"),
        (lambda x: x + layers.GlobalMaxPooling2D()(x), ValueError, r"maps and single numbers"),
    ],
)
def test_networks_whose_sizes_cannot_be_told_are_refused(make, error, message):
    network = model(make)
    for call in (smallest_size, strides, lambda layers: output_sizes(layers, [9, 9])):
        with pytest.raises(error, match=message):
            call(network)


@any_backend
@pytest.mark.parametrize(
    ("stack", "error", "message"),
    [
        (two_images, ValueError, "one image as input of 'functional"),
        (two_maps, ValueError, "one output, got 2 in 'functional.*takes one of them"),
        (called_with_two, ValueError, "one input, got 2 of 'functional"),
        (lambda: [layers.ReLU(), layers.Add(name="both")], TypeError, r"'both' \(Add\) joins, got"),
    ],
)
def test_models_of_several_images_or_maps_are_refused(stack, error, message):
    with pytest.raises(error, match=message):
        output_sizes(stack(), [9, 9])
