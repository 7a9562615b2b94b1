"""Bucket sizes: each image fits into a box, and the boxes are what was asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import digit_strings, texture_crops
from helpers.images.buckets import KEYS, bucket_sizes

pytestmark = pytest.mark.any_backend

SIZES = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=40)


def smallest_boxes(sizes, boxes):
    """The area of the smallest box that holds each image."""
    fits = (sizes[:, None] <= boxes[None]).all(axis=2)
    assert fits.any(axis=1).all()
    return np.where(fits, boxes.prod(axis=1), np.iinfo("int64").max).min(axis=1)


@given(sizes=SIZES, count=st.integers(1, 50), by=st.sampled_from(KEYS))
def test_every_image_fits_and_no_box_is_larger_than_its_images(sizes, count, by):
    sizes = np.array(sizes)
    boxes = bucket_sizes(sizes, count, by)
    assert boxes.dtype == np.int64
    assert 1 <= len(boxes) <= count
    assert len(np.unique(boxes, axis=0)) == len(boxes)
    keys = [(height * width, height) for height, width in boxes.tolist()]
    assert keys == sorted(keys)
    smallest_boxes(sizes, boxes)
    for axis in (0, 1):
        assert set(boxes[:, axis]) <= set(sizes[:, axis])
        assert boxes[:, axis].max() == sizes[:, axis].max()


@given(sizes=SIZES, by=st.sampled_from(KEYS))
def test_one_box_holds_all_and_a_box_for_each_image_pads_nothing(sizes, by):
    sizes = np.array(sizes)
    assert bucket_sizes(sizes, 1, by).tolist() == [sizes.max(axis=0).tolist()]
    for count in (len(sizes), len(sizes) + 3):
        boxes = bucket_sizes(sizes, count, by)
        assert set(map(tuple, boxes.tolist())) == set(map(tuple, sizes.tolist()))


@given(sizes=SIZES, by=st.sampled_from(KEYS), seed=st.integers(0, 9))
def test_the_order_of_the_images_does_not_matter(sizes, by, seed):
    sizes = np.array(sizes)
    shuffled = np.random.default_rng(seed).permutation(sizes)
    assert bucket_sizes(shuffled, 3, by).tolist() == bucket_sizes(sizes, 3, by).tolist()


@given(widths=st.lists(st.integers(1, 99), min_size=1, max_size=40), count=st.integers(1, 8))
def test_the_groups_are_equal(widths, count):
    boxes = bucket_sizes([(8, width) for width in widths], count, "width")
    expected = {max(group) for group in np.array_split(sorted(widths), count) if len(group)}
    assert boxes.tolist() == [[8, width] for width in sorted(expected)]


def test_each_key_by_hand():
    sizes = [(1, 7), (2, 5), (9, 9), (3, 1), (5, 8), (6, 1)]
    assert bucket_sizes(sizes, 2, "width").tolist() == [[6, 5], [9, 9]]
    assert bucket_sizes(sizes, 2, "height").tolist() == [[3, 7], [9, 9]]
    assert bucket_sizes(sizes, 2, "area").tolist() == [[6, 7], [9, 9]]
    assert bucket_sizes(sizes, 2, "aspect").tolist() == [[5, 8], [9, 9]]
    # of one width, the low ones share a box
    assert bucket_sizes([(9, 3), (1, 3), (9, 4), (1, 2)], 2).tolist() == [[1, 3], [9, 4]]


def test_a_few_boxes_save_most_of_the_padding_of_real_images():
    strings, _ = digit_strings(300)
    crops, _, _ = texture_crops(300)
    for images, by, least in ((strings, "width", 0.95), (crops, "area", 0.65)):
        sizes = np.array([image.shape for image in images])
        real = sizes.prod(axis=1).sum()
        fill = [real / smallest_boxes(sizes, bucket_sizes(sizes, n, by)).sum() for n in (1, 4, 16)]
        assert fill == sorted(fill)
        assert fill[0] < 0.6
        assert fill[2] > least


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bucket_sizes([(8, 5)], 2, "size"), ValueError, "by: expected one of .*got 'size'"),
        (lambda: bucket_sizes([(8, 5)], 0), ValueError, "count: .* at least 1, got 0"),
        (lambda: bucket_sizes([(8, 5)], 2.0), TypeError, "count: .* integer, got float 2.0"),
        (lambda: bucket_sizes([(8, 5)], True), TypeError, "count: .*got bool True"),
        (lambda: bucket_sizes([8, 5], 2), ValueError, r"sizes: .*got shape \(2,\)"),
        (lambda: bucket_sizes(np.zeros((0, 2), int), 2), ValueError, r"got shape \(0, 2\)"),
        (lambda: bucket_sizes([(8.0, 5.0)], 2), TypeError, "integers, got dtype float64"),
        (
            lambda: bucket_sizes([(8, 5), (8, 0)], 2),
            ValueError,
            r"at least 1, got \(8, 0\) in row 1",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
