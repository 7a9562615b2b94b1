"""What an article of 2025-01-30 claims about augmented images and sequences, settled by a run.

The generator is the article's, `ImageDataGenerator`, on files drawn at random. The network of its
first listing is untrained. `book/claims.yml` names these tests, and some of
`tests/book/test_keras_behaviour.py`.
"""

import builtins
import importlib.metadata
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from claim_runs import MOVED, SAME, apart, randomised
from claim_runs import seeded as seeded
from keras import layers
from keras.applications.vgg16 import VGG16, preprocess_input

pytestmark = pytest.mark.slow

ImageDataGenerator = tf.keras.preprocessing.image.ImageDataGenerator

RNG = np.random.default_rng(0)
SIZES = [(40, 60), (61, 33), (24, 24), (90, 50), (35, 36), (50, 90)]  # height and width

LISTING = {  # the arguments that all its listings share
    "rotation_range": 20,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
}
EXTREME = {
    "rotation_range": 180,
    "width_shift_range": 0.9,
    "height_shift_range": 0.9,
    "shear_range": 80,
    "zoom_range": (0.2, 5),
    "horizontal_flip": True,
    "vertical_flip": True,
    "channel_shift_range": 90,
}
SMALL = {"target_size": (16, 24)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two classes and six files, each of another size."""
    root = tmp_path_factory.mktemp("train_data")
    for index, size in enumerate(SIZES):
        place = root / "ab"[index % 2]
        place.mkdir(exist_ok=True)
        keras.utils.save_img(place / f"{index}.png", image(*size, scale=255), scale=False)
    return str(root)


@pytest.fixture(scope="module")
def fixed():
    """The network of the first listing, its weights drawn at random."""
    return VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))


def image(height, width, channels=3, batch=(), scale=1):
    return RNG.uniform(0.1, scale, (*batch, height, width, channels)).astype("float32")


def reader(features, *before, units=5):
    """Return an LSTM over sequences of any length."""
    stack = [*before, layers.LSTM(units)]
    return randomised(keras.Sequential([keras.Input((None, features)), *stack]))


def pooled():
    """Return a small CNN with global pooling, to train on two classes."""
    stack = [layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax")]
    model = keras.Sequential([keras.Input((None, None, 3)), *stack])
    model.compile("sgd", "categorical_crossentropy", run_eagerly=True)
    return model


def pad_sequence(images, max_length=300):
    """The function of the second listing: rows of images, padded below to one height."""
    batch = np.zeros((len(images), max_length, images.shape[-1]))
    for index, array in enumerate(images):
        batch[index, : array.shape[0], :] = array
    return batch


def resize_image(array):
    """The function of the third listing."""
    return tf.image.resize(array, [224, 224])


# What a listing imports, as (name, module, attribute); then, for each of its statements in turn,
# the names that it sets and those that it reads.
SECOND = (
    [
        ("np", "numpy", None),
        ("LSTM", "tensorflow.keras.layers", "LSTM"),
        ("Masking", "tensorflow.keras.layers", "Masking"),
        ("Dense", "tensorflow.keras.layers", "Dense"),
        ("Sequential", "tensorflow.keras.models", "Sequential"),
    ],
    [
        ("max_length", ""),
        ("pad_sequence", "np len max_length enumerate"),
        ("train_generator", "datagen"),
        ("", "train_generator"),
        ("train_generator", "map pad_sequence train_generator"),
        ("model", "Sequential Masking LSTM Dense"),
        ("", "model train_generator"),
    ],
)
THIRD = (
    [
        ("ImageDataGenerator", "tensorflow.keras.preprocessing.image", "ImageDataGenerator"),
        ("tf", "tensorflow", None),
    ],
    [
        ("img_height img_width", ""),
        ("resize_image", "tf img_height img_width"),
        ("datagen", "ImageDataGenerator resize_image"),
        ("train_generator", "datagen"),
        ("model", "Sequential"),
    ],
)


def missing(listing):
    """Return what a listing reads and has neither imported nor set; its imports must work."""
    imports, statements = listing
    known, unknown = set(dir(builtins)), []
    for name, module, attribute in imports:
        exec(f"from {module} import {attribute}" if attribute else f"import {module}", {})
        known.add(name)
    for sets, reads in statements:
        unknown += [name for name in reads.split() if name not in known]
        known |= set(sets.split())
    return unknown


# What augmentation does to shapes


def test_augmented_images_make_sequences_of_one_length(folder):
    generator = ImageDataGenerator(**LISTING)
    for data in (
        generator.flow(image(20, 30, batch=(6,)), np.zeros(6), batch_size=4),
        generator.flow_from_directory(folder, target_size=(20, 30), batch_size=4),
    ):
        shapes = {array.shape for _ in range(4) for array in next(data)[0]}
        assert shapes == {(20, 30, 3)}


@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "reflect", "wrap"])
def test_no_transform_changes_the_height_or_the_width(fill_mode):
    generator = ImageDataGenerator(**EXTREME, fill_mode=fill_mode)
    for shape in ((12, 12, 3), (9, 17, 3), (17, 9, 1), (1, 5, 3), (7, 8, 4)):
        array = image(*shape)
        moved = [generator.random_transform(array, seed=seed) for seed in range(20)]
        assert {result.shape for result in moved} == {shape}
        assert any(not np.array_equal(result, array) for result in moved)


def test_recurrent_layers_take_any_length():
    for kind in (layers.LSTM, layers.GRU, layers.SimpleRNN):
        model = keras.Sequential([keras.Input((None, 3)), kind(2)])
        for steps in (2, 5, 9):
            assert model(image(steps, 3, 1, batch=(2,))[..., 0]).shape == (2, 2)


@pytest.mark.parametrize("augmentation", [{}, LISTING], ids=["plain", "augmented"])
def test_images_in_a_recurrent_layer_raise_augmented_or_not(augmentation):
    images = next(ImageDataGenerator(**augmentation).flow(image(4, 5, batch=(4,))))
    for kind in (layers.LSTM, layers.GRU, layers.SimpleRNN):
        with pytest.raises(ValueError, match="expected ndim=3, found ndim=4"):
            kind(2)(images)
        rows = images.reshape(4, 4, 5 * 3)
        assert kind(2)(rows).shape == (4, 2)


def test_sizes_may_differ_between_batches_in_time_and_not_in_features_nor_within_a_batch():
    with pytest.raises(ValueError, match="all input arrays must have the same shape"):
        np.stack([image(3, 30), image(4, 30)])
    model = reader(30)  # rows are the steps, columns the features
    for height in (3, 4):
        assert model(image(height, 30, 1, batch=(2,))[..., 0]).shape == (2, 5)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        model(image(3, 31, 1, batch=(2,))[..., 0])


def test_augmented_files_of_many_sizes_train_without_any_strategy(folder):
    data = ImageDataGenerator(**LISTING).flow_from_directory(folder, batch_size=4)
    history = pooled().fit(data, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


# The two ways out


def test_files_are_resized_before_they_are_augmented(folder):
    seen = []

    class Watched(ImageDataGenerator):
        def apply_transform(self, x, parameters):
            seen.append(x.shape)
            return super().apply_transform(x, parameters)

    next(Watched(**LISTING).flow_from_directory(folder, **SMALL))
    assert seen == [(16, 24, 3)] * len(SIZES)


def test_extreme_augmentation_keeps_the_size_of_resized_files(folder):
    data = ImageDataGenerator(**EXTREME).flow_from_directory(folder, **SMALL)
    assert {next(data)[0].shape for _ in range(3)} == {(len(SIZES), 16, 24, 3)}


@pytest.mark.parametrize("cutting", ["pre", "post"])
def test_padding_or_cutting_gives_one_length(cutting):
    rows = [image(steps, 4, 1)[..., 0] for steps in (3, 9, 6)]
    x = keras.utils.pad_sequences(rows, 6, "float32", padding="post", truncating=cutting)
    assert x.shape == (3, 6, 4)
    assert reader(4)(x).shape == (3, 5)


def test_masking_marks_steps_and_leaves_the_length_as_it_is():
    rows = image(4, 3, 1, batch=(2,))[..., 0]
    padded = np.pad(rows, ((0, 0), (0, 5), (0, 0)))
    assert layers.Masking()(padded).shape == (2, 9, 3)
    assert apart(reader(3, layers.Masking())(padded), reader(3)(rows)) < SAME
    with pytest.raises(ValueError, match="all input arrays must have the same shape"):
        layers.Masking()(np.stack([rows[0], padded[0]]))

    class Total(layers.Layer):
        def call(self, x):
            return keras.ops.sum(x + 1, axis=1)

    ignored = keras.Sequential([layers.Masking(), Total()])  # a layer that does not use the mask
    with pytest.warns(UserWarning, match="does not support masking"):
        assert apart(ignored(padded), ignored(rows)) > MOVED


# The first listing


def test_target_size_gives_every_file_one_size(folder):
    data = ImageDataGenerator(**LISTING).flow_from_directory(folder, target_size=(224, 224))
    assert next(data)[0].shape == (len(SIZES), 224, 224, 3)


def test_resizing_can_make_two_images_equal(tmp_path):
    stripes = np.zeros((2, 64, 64, 3))
    stripes[0, :, ::2] = 255  # one pixel wide
    stripes[1, :, 2::4] = 255  # half as many
    (tmp_path / "a").mkdir()
    for name, array in zip("ab", stripes, strict=True):
        keras.utils.save_img(tmp_path / "a" / f"{name}.png", array, scale=False)
    seen = []
    for size in ((64, 64), (16, 16)):
        data = ImageDataGenerator().flow_from_directory(
            str(tmp_path), target_size=size, shuffle=False, class_mode=None
        )
        seen.append(apart(*next(data)))
    assert seen == [255, 0]


def test_the_first_listing_feeds_the_network(folder, fixed):
    data = ImageDataGenerator(
        **LISTING, preprocessing_function=preprocess_input
    ).flow_from_directory(folder, target_size=(224, 224), batch_size=32, class_mode="categorical")
    x, y = next(data)
    assert (x.shape, y.shape) == ((len(SIZES), 224, 224, 3), (len(SIZES), 2))
    assert fixed(x[:1]).shape == (1, 7, 7, 512)


def test_the_size_is_fixed_because_input_shape_says_so(fixed):
    with pytest.raises(ValueError, match=r"expected shape=\(None, 224, 224, 3\)"):
        fixed(image(256, 256, batch=(1,)))
    free = VGG16(weights=None, include_top=False)
    for height, width in ((32, 32), (64, 64), (96, 40)):
        assert free(image(height, width, batch=(1,))).shape == (1, height // 32, width // 32, 512)


def test_the_listings_import_a_name_that_keras_itself_no_longer_has():
    assert "DEPRECATED" in ImageDataGenerator.__doc__
    assert not hasattr(keras.preprocessing.image, "ImageDataGenerator")


def test_augmentation_needs_scipy_which_tensorflow_does_not_bring(monkeypatch):
    for package in ("tensorflow", "keras"):
        needs = " ".join(importlib.metadata.requires(package))
        assert "scipy" not in needs
    legacy = sys.modules[ImageDataGenerator.__module__]
    monkeypatch.setitem(sys.modules, "scipy", None)  # as if it were not installed
    monkeypatch.setattr(legacy, "scipy", type(legacy.scipy)("scipy"))
    data = ImageDataGenerator(**LISTING).flow(image(8, 9, batch=(2,)))
    with pytest.raises(ImportError, match="requires the scipy module"):
        next(data)


# The second listing


def test_the_second_listing_does_not_define_its_generator():
    assert missing(SECOND) == ["datagen"]


def test_the_longest_sequence_does_not_depend_on_the_augmentation():
    for size in ((12, 12), (9, 17)):
        heights = set()
        for options in ({}, LISTING, EXTREME, {"zoom_range": (0.1, 0.2)}, {"shear_range": 89}):
            data = ImageDataGenerator(**options).flow(image(*size, batch=(8,)))
            heights |= {array.shape[0] for array in next(data)}
        assert heights == {size[0]}


def test_the_padding_function_has_no_place_for_an_image():
    with pytest.raises(ValueError, match=r"from shape \(256,256,3\) into shape \(256,3\)"):
        pad_sequence(image(256, 256, batch=(2,)))
    assert pad_sequence(image(4, 3, 1, batch=(2,))[..., 0]).shape == (2, 300, 3)
    with pytest.raises(ValueError, match=r"from shape \(310,8\) into shape \(300,8\)"):
        pad_sequence(image(310, 8, 1, batch=(2,))[..., 0])


def test_fit_refuses_a_map():
    data = ImageDataGenerator(**LISTING).flow(image(8, 9, batch=(6,)), np.eye(2)[[0, 1] * 3])
    with pytest.raises(ValueError, match="Unrecognized data type: x=<map object"):
        pooled().fit(map(tuple, data), steps_per_epoch=1, verbose=0)
    pooled().fit((batch for batch in data), steps_per_epoch=1, verbose=0)


def test_the_second_model_takes_no_images():
    stack = [layers.Masking(mask_value=0.0), layers.LSTM(128), layers.Dense(10, "softmax")]
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=4"):
        keras.Sequential(stack)(image(16, 16, batch=(4,)))


def test_without_a_mask_padded_rows_count_and_with_one_black_rows_do_not():
    rows = image(6, 5, 1, batch=(2,))[..., 0]
    padded = pad_sequence(rows, 9).astype("float32")
    plain, masked = reader(5), reader(5, layers.Masking(mask_value=0.0))
    assert apart(plain(padded), plain(rows)) > MOVED
    assert apart(masked(padded), masked(rows)) < SAME
    black = rows.copy()
    black[:, 2] = 0  # a black row of the image itself
    assert apart(masked(black), masked(np.delete(rows, 2, axis=1))) < SAME


# The third listing


def test_the_third_listing_does_not_import_sequential():
    assert missing(THIRD) == ["Sequential"]


def test_a_function_that_resizes_does_not_fit_into_the_batch(folder):
    generator = ImageDataGenerator(**LISTING, preprocessing_function=resize_image)
    with pytest.raises(ValueError, match=r"from shape \(224,224,3\) into shape \(256,256,3\)"):
        next(generator.flow_from_directory(folder, batch_size=2))


def test_the_function_sees_images_that_are_resized_already(folder):
    shapes = []

    def function(array):
        shapes.append(array.shape)
        return array

    next(ImageDataGenerator(preprocessing_function=function).flow_from_directory(folder))
    assert shapes == [(256, 256, 3)] * len(SIZES)


def test_the_images_have_224_pixels_only_if_target_size_says_so(folder):
    generator = ImageDataGenerator(preprocessing_function=resize_image)
    x = next(generator.flow_from_directory(folder, target_size=(224, 224), shuffle=False))[0]
    plain = ImageDataGenerator().flow_from_directory(folder, target_size=(224, 224), shuffle=False)
    assert apart(x, next(plain)[0]) < SAME  # the function has nothing left to do
    assert next(ImageDataGenerator().flow_from_directory(folder))[0].shape[1:] == (256, 256, 3)
