"""Fitting: the aspect is kept, no image is lost, and the mask says what is real."""

from fractions import Fraction

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers.augmentation import Bucket, fitted_size, letterbox, pad_to_bucket
from helpers.data import digit_strings, texture_crops
from helpers.images import bucket_sizes

pytestmark = pytest.mark.any_backend

PAIR = st.tuples(st.integers(1, 400), st.integers(1, 400))


def resized(image, size, **options):
    """What Keras makes of one image ``(height, width, channels)``."""
    layer = keras.layers.Resizing(*size, data_format="channels_last", **options)
    return keras.ops.convert_to_numpy(layer(np.asarray(image, "float32")))


# fitted_size


@given(size=PAIR, box=PAIR)
def test_the_fitted_size_fits_and_touches_the_box(size, box):
    fitted = fitted_size(size, box)
    assert all(type(side) is int for side in fitted)
    assert all(1 <= side <= most for side, most in zip(fitted, box, strict=True))
    assert any(side == most for side, most in zip(fitted, box, strict=True))


@given(size=PAIR, box=PAIR)
def test_the_aspect_is_kept_as_well_as_whole_pixels_allow(size, box):
    factor = min(Fraction(most, side) for side, most in zip(size, box, strict=True))
    for side, now in zip(size, fitted_size(size, box), strict=True):
        exact = side * factor
        assert abs(now - exact) <= Fraction(1, 2) or (exact < 1 and now == 1)


@given(size=PAIR, box=PAIR)
def test_without_enlarging_a_small_image_keeps_its_size(size, box):
    small = all(side <= most for side, most in zip(size, box, strict=True))
    expected = size if small else fitted_size(size, box)
    assert fitted_size(size, box, enlarge=False) == expected


@given(size=PAIR, box=PAIR)
def test_height_and_width_are_treated_alike(size, box):
    assert fitted_size(size[::-1], box[::-1]) == fitted_size(size, box)[::-1]


@pytest.mark.parametrize(
    ("size", "box", "fitted"),
    [
        ((200, 300), (96, 96), (64, 96)),
        ((300, 200), (96, 96), (96, 64)),
        ((1, 500), (8, 6), (1, 6)),  # thicker than it was
        ((500, 1), (8, 6), (8, 1)),
        ((1, 1), (8, 6), (6, 6)),
        ((4, 3), (2, 9), (2, 2)),  # 1.5 is rounded up
        ((4, 5), (2, 9), (2, 3)),  # and so is 2.5
        ((7, 7), (7, 7), (7, 7)),
        (np.array([20, 30]), [40, 40], (27, 40)),
        ((10**18, 3 * 10**18), (10**17, 10**18), (10**17, 3 * 10**17)),  # more than a float holds
    ],
)
def test_fitted_sizes_by_hand(size, box, fitted):
    assert fitted_size(size, box) == fitted


# letterbox


def test_letterbox_by_hand():
    batch, mask, sizes = letterbox(
        [np.full((4, 2), 7, "uint8"), np.full((1, 6), 5, "uint8")], (4, 3)
    )
    assert (batch.dtype, mask.dtype, sizes.dtype) == ("float32", "bool", "int32")
    assert batch[..., 0].tolist() == [[[7, 7, 0]] * 4, [[5, 5, 5]] + [[0, 0, 0]] * 3]
    assert (mask == (batch[..., 0] > 0)).all()
    assert sizes.tolist() == [[4, 2], [1, 3]]


@settings(max_examples=15)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=3),
    box=st.sampled_from([(8, 8), (4, 7), (1, 5)]),
    channels=st.sampled_from([None, 1, 3]),
    dtype=st.sampled_from(["uint8", "int64", "bool", "float16", "float32", "float64"]),
    enlarge=st.booleans(),
    interpolation=st.sampled_from(["nearest", "bilinear"]),
)
def test_letterbox_is_keras_resizing_and_padding(
    sizes, box, channels, dtype, enlarge, interpolation
):
    random = np.random.default_rng(0)
    axes = () if channels is None else (channels,)
    images = [(random.random(size + axes) * 200).astype(dtype) for size in sizes]
    before = [image.copy() for image in images]
    batch, mask, fitted = letterbox(
        images, box, enlarge=enlarge, value=-3, interpolation=interpolation
    )
    assert batch.shape == (len(images), *box, channels or 1)
    assert mask.shape == batch.shape[:3]
    assert fitted.tolist() == [list(fitted_size(size, box, enlarge=enlarge)) for size in sizes]
    for image, one, real, (height, width) in zip(images, batch, mask, fitted, strict=True):
        assert (real.nonzero()[0].max(), real.nonzero()[1].max()) == (height - 1, width - 1)
        assert real.sum() == height * width
        assert real[:height, :width].all()
        assert (one[~real] == -3).all()
        image = image.reshape(*image.shape[:2], -1)
        expected = resized(image, (height, width), interpolation=interpolation)
        np.testing.assert_allclose(one[:height, :width], expected, rtol=1e-5, atol=1e-4)
    assert all(map(np.array_equal, images, before))


def test_an_image_of_the_right_size_keeps_every_pixel():
    image = np.random.default_rng(0).normal(size=(6, 9, 2)).astype("float32")
    for options in ({}, {"interpolation": "bicubic", "antialias": True}):
        batch, mask, _ = letterbox([image], (6, 9), **options)
        assert (batch[0] == image).all()
        assert mask.all()
    batch, mask, _ = letterbox([image], (8, 20), enlarge=False)
    assert (batch[0, :6, :9] == image).all()
    assert mask.sum() == 54


def test_antialias_and_interpolation_reach_keras():
    image = np.random.default_rng(1).random((24, 24, 1)).astype("float32")
    seen = []
    for interpolation, antialias in [("nearest", False), ("bilinear", False), ("bilinear", True)]:
        options = {"interpolation": interpolation, "antialias": antialias}
        one = letterbox([image], (6, 6), **options)[0][0]
        np.testing.assert_allclose(one, resized(image, (6, 6), **options), atol=1e-5)
        seen.append(one)
    assert np.abs(seen[0] - seen[1]).max() > 0.05
    assert np.abs(seen[1] - seen[2]).max() > 0.05


def test_nearest_makes_no_new_class():
    ids = np.random.default_rng(2).choice([0, 7, 255], size=(13, 17)).astype("uint8")
    batch, mask, _ = letterbox([ids], (20, 20), value=99, interpolation="nearest")
    assert set(batch[mask][:, 0]) == {0.0, 7.0, 255.0}


def test_keras_puts_the_image_in_the_middle_without_a_mask():
    image = np.ones((2, 4, 1), "float32")  # a higher one is distorted by Keras 3.13 on PyTorch
    layer = keras.layers.Resizing(4, 4, pad_to_aspect_ratio=True, data_format="channels_last")
    assert keras.ops.convert_to_numpy(layer(image))[:, 0, 0].tolist() == [0, 1, 1, 0]
    assert letterbox([image], (4, 4))[0][0, :, 0, 0].tolist() == [1, 1, 0, 0]


def test_settings_of_keras_do_not_matter():
    policy, layout = keras.config.dtype_policy(), keras.config.image_data_format()
    image = np.random.default_rng(3).random((9, 6, 3)).astype("float32")
    expected = letterbox([image], (6, 6))[0]
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        keras.config.set_image_data_format("channels_first")
        batch = letterbox([image], (6, 6))[0]
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_image_data_format(layout)
    assert (batch == expected).all()


def test_tensors_and_batches_are_lists_of_images():
    images = np.random.default_rng(4).random((2, 5, 7, 3)).astype("float32")
    expected = letterbox(list(images), (4, 4))[0]
    assert (letterbox(images, (4, 4))[0] == expected).all()
    tensors = [keras.ops.convert_to_tensor(image) for image in images]
    assert (letterbox(tensors, (4, 4))[0] == expected).all()


def test_real_images():
    images, _, _ = texture_crops(12)
    batch, mask, sizes = letterbox(images, (64, 64))
    assert (sizes.max(axis=1) == 64).all()
    assert (batch[mask] >= 0).all()
    assert (batch[mask] <= 255).all()
    for image, one, real in zip(images, batch, mask, strict=True):
        assert abs(one[real].mean() - image.mean()) < 3


# pad_to_bucket


@st.composite
def images_and_boxes(draw):
    dtype = draw(st.sampled_from(["bool", "uint8", "int64", "float16", "float32", "complex64"]))
    axes = draw(st.sampled_from([(), (1,), (3,)]))
    side = st.integers(1, 9)
    sizes = draw(st.lists(st.tuples(side, side), min_size=1, max_size=8))
    images = [draw(hnp.arrays(dtype, size + axes)) for size in sizes]
    boxes = draw(st.lists(st.tuples(side, side), max_size=4, unique=True))
    boxes += [(9, 9)] if (9, 9) not in boxes else []
    return images, draw(st.permutations(boxes))


@given(case=images_and_boxes(), value=st.sampled_from([0, 1]))
def test_every_image_is_in_the_smallest_box_that_holds_it(case, value):
    images, boxes = case
    buckets = pad_to_bucket(images, boxes, value=value)
    rows = np.concatenate([bucket.rows for bucket in buckets])
    assert sorted(rows.tolist()) == list(range(len(images)))
    used = [bucket.images.shape[1:3] for bucket in buckets]
    assert used == [box for box in boxes if box in used]
    for bucket, box in zip(buckets, used, strict=True):
        assert isinstance(bucket, Bucket)
        assert (bucket.rows.dtype, bucket.sizes.dtype) == (np.int64, np.int32)
        assert (np.diff(bucket.rows) > 0).all()
        assert bucket.images.dtype == images[0].dtype
        for row, one, real, size in zip(*bucket, strict=True):
            height, width = images[row].shape[:2]
            holds = [pair for pair in boxes if height <= pair[0] and width <= pair[1]]
            assert box == min(holds, key=lambda pair: pair[0] * pair[1])  # min takes the first
            assert size.tolist() == [height, width]
            np.testing.assert_array_equal(one[:height, :width], images[row], strict=True)
            assert real.dtype == bool
            assert real[:height, :width].all()
            assert real.sum() == height * width
            assert (one[~real] == value).all()


def test_few_shapes_for_real_images():
    images, _ = digit_strings(200, heights=(8, 20))
    boxes = bucket_sizes([image.shape for image in images], 4)
    buckets = pad_to_bucket(images, boxes)
    assert len(buckets) <= 4
    assert sum(int(bucket.images.sum()) for bucket in buckets) == sum(
        int(image.sum()) for image in images
    )


def test_a_batch_of_one_and_a_box_without_images():
    (bucket,) = pad_to_bucket([np.ones((1, 1, 3), "uint8")], [(2, 2), (4, 4)], value=9)
    assert bucket.images.shape == (1, 2, 2, 3)
    assert bucket.rows.tolist() == [0]
    assert bucket.images[0, :, :, 0].tolist() == [[1, 9], [9, 9]]


# What is refused

GRAY, COLOUR = np.ones((3, 4), "uint8"), np.ones((3, 4, 3), "uint8")


@pytest.mark.parametrize("function", [letterbox, lambda images, box: pad_to_bucket(images, [box])])
@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        ([], ValueError, "^images: expected at least one"),
        (COLOUR, TypeError, r"^images: expected a list.*\(3, 4, 3\); pass \[image\]"),
        (GRAY, TypeError, r"^images: expected a list.*\(3, 4\); pass \[image\]"),
        (np.array([GRAY, GRAY[:2]], dtype=object), TypeError, "^images.*object array"),
        ([np.array([[None]], dtype=object)], TypeError, r"^images\[0\].*numbers.*object"),
        ({"a": GRAY}, TypeError, "^images: expected a list.*dict"),
        ((image for image in [GRAY]), TypeError, "^images: expected a list.*generator"),
        ([GRAY, COLOUR], ValueError, r"^images: .*\(3, 4\) in row 0 and \(3, 4, 3\) in row 1"),
        ([COLOUR, COLOUR[..., :1]], ValueError, r"^images: .*\(3, 4, 1\) in row 1"),
        ([GRAY, GRAY / 255], TypeError, "^images: expected one dtype.*uint8 in row 0.*float64"),
        ([GRAY[0]], ValueError, r"^images\[0\].*\(4,\)"),
        (
            [GRAY[None, None]],
            ValueError,
            r"^images\[0\]: expected \(height, width\).*\(1, 1, 3, 4\)",
        ),
        ([GRAY, GRAY[:, :0]], ValueError, r"^images\[1\].*one pixel.*\(3, 0\)"),
        ([COLOUR[..., :0]], ValueError, r"^images\[0\].*one pixel.*\(3, 4, 0\)"),
        ([["a"]], TypeError, r"^images\[0\].*numbers"),
    ],
)
def test_bad_images_are_named(function, images, error, message):
    with pytest.raises(error, match=message):
        function(images, (8, 8))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fitted_size((3, 0), (8, 8)), ValueError, r"^size\[1\]: .*at least 1, got 0"),
        (lambda: fitted_size((3, 4), (0, 8)), ValueError, r"^box\[0\]: .*at least 1, got 0"),
        (lambda: fitted_size((3, 4.0), (8, 8)), TypeError, r"^size\[1\]: .*integer, got float 4.0"),
        (lambda: fitted_size((True, 4), (8, 8)), TypeError, r"^size\[0\]: .*integer"),
        (lambda: fitted_size(4, (8, 8)), TypeError, r"^size: .*pair \(height, width\), got 4"),
        (lambda: fitted_size((3, 4, 3), (8, 8)), TypeError, "^size: .*pair"),
        (lambda: fitted_size((3, 4), (8, 8), enlarge=1), TypeError, "^enlarge: .*got 1"),
        (lambda: letterbox([GRAY], 8), TypeError, "^size: .*pair.*got 8"),
        (lambda: letterbox([GRAY], (8, 8), enlarge=None), TypeError, "^enlarge: .*None"),
        (lambda: letterbox([GRAY], (8, 8), antialias="yes"), TypeError, "^antialias: .*'yes'"),
        (lambda: letterbox([GRAY], (3, 4), interpolation="area"), ValueError, "^interp.*'area'"),
        (lambda: letterbox([GRAY], (8, 8), value=0.1), ValueError, "^value: 0.1.*float32"),
        (lambda: letterbox([GRAY], (8, 8), value=[0]), TypeError, "^value: .*one number"),
        (lambda: letterbox([GRAY * 1j], (8, 8)), TypeError, "^images: .*real numbers.*complex"),
        (lambda: pad_to_bucket([GRAY], (8, 8)), ValueError, r"^boxes: .*\(2,\)"),
        (lambda: pad_to_bucket([GRAY], []), ValueError, "^boxes: .*at least one"),
        (lambda: pad_to_bucket([GRAY], [(8, 8.0)]), TypeError, "^boxes: .*integers.*float64"),
        (lambda: pad_to_bucket([GRAY], [(8, 8), (8, 0)]), ValueError, "^boxes: .*at least 1, got"),
        (lambda: pad_to_bucket([GRAY], [(8, 8)] * 2), ValueError, r"^boxes: .*once, got \[8, 8\]"),
        (lambda: pad_to_bucket([GRAY], [(8, 8)], value=300), ValueError, "^value: 300.*uint8"),
        (
            lambda: pad_to_bucket([GRAY, GRAY.T, GRAY], [(2, 9), (3, 4)]),
            ValueError,
            r"^images: .*\[3, 4\]\], got \[4, 3\] in images\[1\]; 1 of 3 .*\[4, 4\] would",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
