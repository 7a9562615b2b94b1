"""Bucket sizes for images: a few boxes that hold them all with little padding."""

from typing import Any

import numpy as np

from helpers.arguments import choice, integer, plain_array

KEYS = ("width", "height", "area", "aspect")


def bucket_sizes(sizes: Any, count: int, by: str = "width") -> np.ndarray:
    """Choose heights and widths to pad images to, so that each image fits into one of them.

    The images are sorted by a key and cut into ``count`` groups of equal size (one larger where
    it does not divide). A group's box is its largest height and its largest width. Equal boxes
    are merged.

    Args:
        sizes: Integers ``(images, 2)``, height and width of each image, at least 1.
        count: How many boxes there may be.
        by: The key: ``"width"``, ``"height"``, ``"area"`` or ``"aspect"``, width / height. Where
            both sides vary, try them: the least padding wins.

    Returns:
        int64 ``(boxes, 2)``, height and width, at most ``count``, sorted by area and then height.

    Raises:
        TypeError: ``sizes`` or ``count`` are not integers.
        ValueError: Another shape, no image, a number below 1, or ``by`` is unknown.

    Example:
        >>> bucket_sizes([(8, 5), (8, 30), (8, 12), (8, 6)], 2).tolist()
        [[8, 6], [8, 30]]
    """
    choice("by", by, KEYS)
    count = integer("count", count, minimum=1)
    sizes = _checked(sizes)
    height, width = sizes.T
    area = height * width
    first, second = {
        "width": (width, height),
        "height": (height, width),
        "area": (area, height),
        "aspect": (width / height, area),
    }[by]
    order = np.lexsort((second, first))
    groups = np.array_split(order, min(count, len(order)))
    boxes = np.unique([sizes[group].max(axis=0) for group in groups], axis=0)
    return boxes[np.argsort(boxes.prod(axis=1), kind="stable")]


def _checked(sizes: Any) -> np.ndarray:
    sizes = plain_array("sizes", sizes)
    if sizes.ndim != 2 or sizes.shape[1] != 2 or len(sizes) == 0:
        raise ValueError(f"sizes: expected (images, 2) with an image, got shape {sizes.shape}")
    if sizes.dtype.kind not in "iu":
        raise TypeError(f"sizes: expected integers, got dtype {sizes.dtype}")
    if (sizes < 1).any():
        row = int((sizes < 1).any(axis=1).argmax())
        got = tuple(sizes[row].tolist())
        raise ValueError(f"sizes: expected at least 1, got {got} in row {row}")
    return sizes.astype(np.int64)
