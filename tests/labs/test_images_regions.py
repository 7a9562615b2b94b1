"""The lab on images of varying size: boxes of regions, padded, and the mean over the real ones."""

import functools

import lab_runs
import numpy as np
import pytest
from keras import ops

from helpers import images, labs

pytestmark = pytest.mark.slow

untouched = lab_runs.fixture("images-to-sequences")
right = functools.partial(lab_runs.right, "images-to-sequences")
wrong = functools.partial(lab_runs.wrong, "images-to-sequences")


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


# --- 5: regions ----------------------------------------------------------------------------------


def boxes_of(found, sizes, most):
    return images.pad_boxes(found, sizes, most, overflow="largest")


def mean_of(h, mask):
    real = ops.cast(mask, h.dtype)[:, :, None]
    return ops.sum(h * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)


def by_area(found, sizes, most):
    """Keep the largest boxes, largest first."""
    areas = [(b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in found]
    ordered = [b[np.argsort(-a)][:most] for b, a in zip(found, areas, strict=True)]
    return images.pad_boxes(ordered, sizes, most)


def first_ones(found, sizes, most):
    return images.pad_boxes(found, sizes, most, overflow="first")


def whole_image(found, sizes, most):
    """Take an image without a region for one region."""
    found = [b if len(b) else [[0, 0, *size]] for b, size in zip(found, sizes, strict=True)]
    return boxes_of(found, sizes, most)


def no_counts(found, sizes, most):
    return boxes_of(found, sizes, most)[0]


def always_most(found, sizes, most):
    return boxes_of(found, sizes, most)[0], np.full(len(found), most)


def transposed(found, sizes, most):
    boxes, counts = boxes_of(found, sizes, most)
    return boxes.transpose(0, 2, 1), counts


def moved(found, sizes, most):
    boxes, counts = boxes_of(found, sizes, most)
    return boxes[..., [1, 0, 3, 2]], counts


def divided_by_0(h, mask):
    real = ops.cast(mask, h.dtype)[:, :, None]
    return ops.sum(h * real, axis=1) / ops.sum(real, axis=1)


def hidden_by_where(h, mask):
    count = ops.sum(ops.cast(mask, h.dtype), axis=1)[:, None]
    return ops.where(count > 0, ops.sum(h, axis=1) / count, 0.0)


def far_from_0(h, mask):
    real = ops.cast(mask, h.dtype)[:, :, None]
    return (ops.sum(h * real, axis=1) + 1) / (ops.sum(real, axis=1) + 1)


def nearly(h, mask):
    real = ops.cast(mask, h.dtype)[:, :, None]
    return ops.sum(h * real, axis=1) / (ops.sum(real, axis=1) + 1)


def in_numpy(h, mask):
    h, real = np.array(h), np.array(mask, "float32")[:, :, None]
    return (h * real).sum(axis=1) / np.maximum(real.sum(axis=1), 1)


def none_if_blank(h, mask):
    """Right: 0 of no region is a constant, and a constant has no gradient."""
    if not np.any(mask):
        return ops.zeros((h.shape[0], h.shape[2]))
    return mean_of(h, mask)


NO_GRADIENT = "mean_of: the mean is right, but no gradient comes through it."


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((boxes_of, in_numpy), NO_GRADIENT),
        ((boxes_of, lambda h, mask: ops.stop_gradient(mean_of(h, mask))), NO_GRADIENT),
        ((boxes_of, lambda h, mask: mean_of(ops.stop_gradient(h), mask)), NO_GRADIENT),
        (
            (images.pad_boxes, mean_of),
            "boxes_of: fails for images of [3, 2, 0, 1, 3, 4] regions and room for 3: boxes[5]: ",
        ),
        (
            (lambda found, sizes, most: np.stack(found), mean_of),
            "boxes_of: fails for images of [3, 2, 0, 1, 3, 4] regions and room for 3: all input",
        ),
        ((first_ones, mean_of), "boxes_of: of 3 regions with room for 1, the region axis: expect"),
        ((by_area, mean_of), "boxes_of: of 3 regions with room for 3, the order along the region"),
        (
            (whole_image, mean_of),
            "boxes_of, counts: an image of 0 regions with room for 3: expected 0, got 1. An image "
            "without a region has none, not one of size 0.",
        ),
        (
            (always_most, mean_of),
            "boxes_of, counts: an image of 2 regions with room for 3: expected 2, got 3.",
        ),
        ((no_counts, mean_of), "boxes_of: expected boxes and counts, got ndarray."),
        (
            (transposed, mean_of),
            "boxes_of, boxes: the sizes are right, their order is not: expected (batch, region,",
        ),
        ((moved, mean_of), "boxes_of: of 3 regions with room for 3, a box is none of the image's"),
        ((boxes_of, divided_by_0), "mean_of: of 0 regions the mean holds NaN or infinity: the s"),
        ((boxes_of, hidden_by_where), "mean_of: of 0 regions the mean is right, its gradient is"),
        ((boxes_of, far_from_0), "mean_of: of 0 regions: expected 0 for every feature."),
        (
            (boxes_of, lambda h, mask: ops.mean(h, axis=1)),
            "mean_of: the region axis: padded regions count in the mean.",
        ),
        (
            (boxes_of, lambda h, mask: ops.sum(h, axis=1)),
            "mean_of: the shape is right, the values are not: rows 0 to 1 and 4 to 5 differ",
        ),
        ((boxes_of, nearly), "mean_of: the shape is right, the values are not: rows 0 to 1 and 3"),
        (
            (boxes_of, lambda h, mask: ops.mean(h, axis=2)),
            "mean_of: the features axis: expected 16, got 3; batch is right.",
        ),
        ((boxes_of, lambda h, mask: h @ 3), "mean_of: fails for images of [3, 2, 0, 1, 3, 3] re"),
        (boxes_of, "mended: expected two functions, boxes_of and mean_of, got the function bo"),
        ((boxes_of, None), "mended: expected two functions, boxes_of and mean_of, got (<function"),
    ],
)
def test_wrong_regions(names, answer, message):
    given = {"crop": names["crop"], "pictures": names["lines"], "found": names["found"]}
    assert wrong("regions", answer, **given).startswith(message)


def test_regions_in_another_style_are_right(names, capsys):
    def by_hand(found, sizes, most):
        boxes = np.full((len(found), most, 4), np.nan, "float32")  # nobody reads what is padding
        for row, own in zip(boxes, found, strict=True):
            areas = (own[:, 2] - own[:, 0]) * (own[:, 3] - own[:, 1])
            kept = np.sort(np.argsort(-areas, kind="stable")[:most])
            row[: len(kept)] = own[kept]
        return ops.convert_to_tensor(boxes), np.array([min(len(own), most) for own in found])

    given = {"crop": names["crop"], "pictures": names["lines"], "found": names["found"]}
    right("regions", (by_hand, mean_of), **given)

    def divide_no_nan(h, mask):
        real = ops.cast(mask, h.dtype)[:, :, None]
        return ops.divide_no_nan(ops.sum(h * real, axis=1), ops.sum(real, axis=1))

    right("regions", [boxes_of, divide_no_nan], **given)
    right("regions", [boxes_of, none_if_blank], **given)
    labs.check("images-to-sequences/regions", (boxes_of, lambda h, mask: ...), **given)
    assert capsys.readouterr().out.endswith("regions: not attempted\n")
