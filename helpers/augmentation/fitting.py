"""Images of varying size to few shapes: resized into one box, or padded to the smallest that fits.

An image is an array ``(height, width)`` or ``(height, width, channels)``. A box is a height and a
width. Padding is below and to the right, and the mask is True where a pixel is real.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from helpers.arguments import boolean, choice, integer, pair
from helpers.batching import bucketed
from helpers.batching.checks import check_boundaries
from helpers.padding import as_rows, fitted_size, pad
from helpers.tensors import INT32

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class Bucket(NamedTuple):
    """The images that share a box, padded to it.

    Attributes:
        rows: int64 ``(batch,)``, the place of each image in the list that came in, increasing.
        images: ``(batch, height, width)`` or ``(batch, height, width, channels)``, in the dtype of
            the images.
        mask: bool ``(batch, height, width)``, True where a pixel is real.
        sizes: int32 ``(batch, 2)``, true height and width of each image.
    """

    rows: np.ndarray
    images: np.ndarray
    mask: np.ndarray
    sizes: np.ndarray


def letterbox(
    images: Sequence,
    size: tuple[int, int],
    *,
    enlarge: bool = True,
    value: float = 0,
    interpolation: str = "bilinear",
    antialias: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Resize images into one box, each by one factor for both sides, and pad what is left.

    Each image is resized by Keras's own ``Resizing`` to its `fitted_size`, then padded below and to
    the right; Keras's ``Resizing(pad_to_aspect_ratio=True)`` puts it in the middle, without a mask.

    Nothing is squeezed, but an object's size in pixels is another one afterwards: where size says
    what it is, pad and do not resize (`pad_to_bucket`). Values keep their range, but for
    ``"bicubic"`` and ``"lanczos"``, which can overshoot at an edge. An image of the right size
    already keeps every pixel.

    Args:
        images: List of arrays ``(height, width)`` or ``(height, width, channels)``, of one dtype,
            one number of axes and one of channels; or one array ``(batch, height, width,
            channels)``.
        size: Height and width of the box, at least 1.
        enlarge: Whether an image smaller than the box is enlarged to it, or only padded.
        value: What the padding holds. float32 must hold it exactly.
        interpolation: ``"nearest"``, ``"bilinear"``, ``"bicubic"``, ``"lanczos3"`` or
            ``"lanczos5"``: which of them there are is a matter of Keras's backend. Class ids want
            ``"nearest"``.
        antialias: Whether an image that is made smaller is smoothed first, so that fine patterns
            do not turn into coarse ones.

    Returns:
        The batch, float32 ``(batch, height, width, channels)``, 1 channel where images had no such
        axis; the mask, bool ``(batch, height, width)``, True where a pixel is real; and the sizes
        after resizing, int32 ``(batch, 2)``, height and width.

    Raises:
        TypeError: ``images`` is not a list, an image holds no real numbers or has another dtype
            than image 0, or an argument is of the wrong type.
        ValueError: There is no image; one has no pixel, other axes or other channels; a side of
            ``size`` is below 1; float32 cannot hold ``value``; ``interpolation`` is unknown.

    Example:
        >>> images = [np.ones((200, 300), "uint8"), np.ones((96, 32), "uint8")]
        >>> batch, mask, sizes = letterbox(images, (96, 96))
        >>> batch.shape, sizes.tolist(), mask.sum(axis=(1, 2)).tolist()
        ((2, 96, 96, 1), [[64, 96], [96, 32]], [6144, 3072])
    """
    box = pair("size", size)
    for i, side in enumerate(box):
        integer(f"size[{i}]", side, maximum=int(INT32.max))
    boolean("enlarge", enlarge)
    boolean("antialias", antialias)
    choice("interpolation", interpolation, INTERPOLATIONS)
    images = _as_images(images)
    if images[0].dtype.kind == "c":
        raise TypeError(f"images: expected real numbers, got dtype {images[0].dtype}")
    resized = []
    for i, image in enumerate(images):
        image = _as_float32(i, image)
        image = image if image.ndim == 3 else image[:, :, None]
        fitted = fitted_size(image.shape[:2], box, enlarge=enlarge)
        if fitted != image.shape[:2]:
            resize = keras.layers.Resizing(
                *fitted,
                interpolation=interpolation,
                antialias=antialias,
                data_format="channels_last",
                dtype="float32",
            )
            image = keras.ops.convert_to_numpy(resize(image))
        resized.append(image)
    batch, mask = pad(resized, box, axes=2, value=value)
    return batch, mask, _sizes(resized)


def pad_to_bucket(images: Sequence, boxes: Any, *, value: float = 0) -> list[Bucket]:
    """Pad every image to the smallest box that holds it: few shapes, and no pixel resized.

    Smallest is the box of the smallest area, of equal ones the first, as in `batching.bucketed`,
    which does it. `images.bucket_sizes` chooses boxes with little padding.

    Args:
        images: List of arrays ``(height, width)`` or ``(height, width, channels)``, of one dtype,
            one number of axes and one of channels; or one array ``(batch, height, width,
            channels)``.
        boxes: Integers ``(boxes, 2)``, heights and widths, at least 1, in any order, each once.
        value: What the padding holds. The dtype of the images must hold it exactly.

    Returns:
        A `Bucket` for every box in use, in the order of ``boxes``. Every image is in one of them,
        in its own dtype and with its own axes.

    Raises:
        TypeError: ``images`` is not a list, an image is not numeric or has another dtype than image
            0, or ``boxes`` are not integers.
        ValueError: There is no image; one has no pixel, other axes or other channels, or fits in no
            box; ``boxes`` have another shape, a side below 1 or one box twice; the dtype cannot
            hold ``value``.

    Example:
        >>> images = [np.ones((8, 5), "uint8"), np.ones((8, 30), "uint8"), np.ones((6, 9), "uint8")]
        >>> for bucket in pad_to_bucket(images, [(8, 10), (8, 32)]):
        ...     print(bucket.rows.tolist(), bucket.images.shape, bucket.sizes.tolist())
        [0, 2] (2, 8, 10) [[8, 5], [6, 9]]
        [1] (1, 8, 32) [[8, 30]]
    """
    images = _as_images(images)
    sizes = _sizes(images)
    boxes = check_boundaries(boxes, sizes, "boxes")
    fits = np.all(sizes[:, None] <= boxes, axis=2).any(axis=1)
    if not fits.all():
        row = int(np.argmin(fits))
        raise ValueError(
            f"images: expected images that fit in a box of boxes={boxes.tolist()}, got "
            f"{sizes[row].tolist()} in images[{row}]; {int((~fits).sum())} of {len(fits)} fit in "
            f"none, and {sizes.max(axis=0).tolist()} would hold every image"
        )
    plan = bucketed(sizes, len(images), boxes)  # a bucket is one batch
    buckets = []
    for rows, box in zip(plan, plan.padded_lengths.tolist(), strict=True):
        array, mask = pad([images[row] for row in rows], box, axes=2, value=value)
        buckets.append(Bucket(np.array(rows, np.int64), array, mask, sizes[rows]))
    return buckets


def _as_images(images: Any) -> list[np.ndarray]:
    if isinstance(images, np.ndarray) and images.dtype != object and images.ndim != 4:
        raise TypeError(
            f"images: expected a list of images or an array (batch, height, width, channels), got "
            f"an array of shape {images.shape}; pass [image] or list(images)"
        )
    images = as_rows(images, "images", axes=2)
    for i, image in enumerate(images):
        if image.ndim not in (2, 3):
            raise ValueError(
                f"images[{i}]: expected (height, width) or (height, width, channels), got shape "
                f"{image.shape}"
            )
        if image.size == 0:
            raise ValueError(f"images[{i}]: expected at least one pixel, got shape {image.shape}")
    return images


def _as_float32(i: int, image: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # the error below says it better than a RuntimeWarning
        cast = image.astype(np.float32)
    wrong = np.isinf(cast) & np.isfinite(image)
    if wrong.any():
        place = tuple(int(axis) for axis in np.argwhere(wrong)[0])
        raise ValueError(
            f"images[{i}]: expected numbers that float32 holds, got {image[place]} at {place}"
        )
    return cast


def _sizes(images: list[np.ndarray]) -> np.ndarray:
    return np.array([image.shape[:2] for image in images], np.int32)
