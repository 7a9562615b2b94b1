"""Regions of an image: find them, pad them, and cut them out of a feature map.

A box is ``top, left, bottom, right`` in pixels of the input image, half-open: an image of 8 x 5
pixels is the box ``[0, 0, 8, 5]``.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from helpers.arguments import choice, integer, number, pair, plain_array
from helpers.images.sequences import checked_sizes
from helpers.masking.lengths import mask_from_lengths
from helpers.tensors import NamesNested, values

OVERFLOWS = ("first", "largest")


def ink_boxes(
    image: np.ndarray,
    *,
    threshold: float = 0,
    gap: int = 1,
    smallest: int = 1,
    widest: int | None = None,
) -> np.ndarray:
    """Find the pieces of ink in a line of text, from left to right.

    A column with ink belongs to a piece; ``gap`` or more empty columns in a row end it. Then each
    piece is trimmed above and below. Symbols that touch stay in one piece unless ``widest`` says
    how wide a symbol can be; symbols one above the other always do.

    Args:
        image: Numbers ``(height, width)`` or ``(height, width, channels)``; ink is high.
        threshold: A pixel is ink if it, in any channel, is above this.
        gap: Empty columns that separate two pieces.
        smallest: Pieces with fewer pixels of ink are left out, as noise.
        widest: A wider piece is cut between the two neighbouring columns that hold the least ink
            together, of equal ones nearest its middle, until no part is wider. No part is cut to
            less than half of ``widest``. None never cuts.

    Returns:
        float32 ``(regions, 4)``, top, left, bottom and right of each piece; ``(0, 4)`` for an
        image without ink.

    Raises:
        TypeError: ``image`` is not numeric, ``threshold`` is no number, or ``gap``, ``smallest`` or
            ``widest`` is not an integer.
        ValueError: Another shape, NaN or infinity in the image or as ``threshold``, or ``gap``,
            ``smallest`` or ``widest`` below 1.

    Example:
        >>> ink_boxes(np.array([[0, 9, 0, 0], [0, 9, 0, 5]])).tolist()
        [[0.0, 1.0, 2.0, 2.0], [1.0, 3.0, 2.0, 4.0]]
    """
    image = plain_array("image", image)
    if image.dtype.kind not in "biuf":
        raise TypeError(f"image: expected numbers, got dtype {image.dtype}")
    if image.ndim not in (2, 3):
        raise ValueError(
            f"image: expected (height, width) or (height, width, channels), got shape {image.shape}"
        )
    if not np.isfinite(image).all():
        raise ValueError("image: expected finite numbers, got NaN or infinity")
    number("threshold", threshold)
    integer("gap", gap, minimum=1)
    integer("smallest", smallest, minimum=1)
    if widest is not None:
        integer("widest", widest, minimum=1)
    amount = np.maximum(image.astype(np.float64) - threshold, 0)
    amount = amount.sum(axis=2) if image.ndim == 3 else amount
    columns = np.flatnonzero(amount.any(axis=0))
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > gap) + 1)
    spans = [(run[0], run[-1] + 1) for run in runs if len(run)]
    boxes = []
    for left, right in [part for span in spans for part in _cut(amount.sum(axis=0), *span, widest)]:
        rows = np.flatnonzero(amount[:, left:right].any(axis=1))
        if np.count_nonzero(amount[:, left:right]) >= smallest:
            boxes.append((rows[0], left, rows[-1] + 1, right))
    return np.array(boxes, np.float32).reshape(-1, 4)


def pad_boxes(
    boxes: Sequence[Any],
    sizes: Any,
    most: int | None = None,
    *,
    overflow: str | None = None,
    outside: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Put the boxes of many images into one array, and check each of them.

    Args:
        boxes: For each image its boxes, numbers ``(regions, 4)`` as top, left, bottom, right. An
            image without regions has ``(0, 4)`` or ``[]``.
        sizes: Integers ``(batch, 2)``, height and width of each image in pixels.
        most: Regions to pad to; None is as many as the image with the most has, at least 1.
        overflow: What to do with an image that has more than ``most``: ``"first"`` keeps the first
            ones, ``"largest"`` the largest by area, in the order they came. None is an error.
        outside: ``"clip"`` cuts a box to its image. None makes a box that sticks out an error.

    Returns:
        float32 ``(batch, most, 4)``, 0 where there is no region, and int32 ``(batch,)``, how many
        regions each image has.

    Raises:
        TypeError: ``boxes`` is no list, something in it is not a number, or ``sizes`` or ``most``
            are not integers.
        ValueError: A box that is not finite, whose bottom is not below its top or whose right is
            not to the right of its left, or that is outside of its image; more regions than
            ``most``; another shape; an unknown option. The message names the image and the box.

    Example:
        >>> padded, counts = pad_boxes([[[0, 0, 8, 5], [0, 6, 8, 9]], []], [(8, 9), (8, 4)])
        >>> padded.shape, counts.tolist()
        ((2, 2, 4), [2, 0])
    """
    if overflow is not None:
        choice("overflow", overflow, OVERFLOWS)
    if outside is not None:
        choice("outside", outside, ("clip",))
    if most is not None:
        integer("most", most, minimum=1)
    if not isinstance(boxes, list | tuple) and not getattr(boxes, "ndim", 0):
        raise TypeError(
            f"boxes: expected a list with the boxes of each image, got {type(boxes).__name__}"
        )
    sizes = plain_array("sizes", sizes)
    if sizes.dtype.kind not in "iu":
        raise TypeError(f"sizes: expected integers, got dtype {sizes.dtype}")
    if sizes.shape != (len(boxes), 2):
        raise ValueError(
            f"sizes: expected ({len(boxes)}, 2), one row for each of boxes, got shape {sizes.shape}"
        )
    checked = [
        _checked_boxes(i, found, size, outside)
        for i, (found, size) in enumerate(zip(boxes, sizes, strict=True))
    ]
    if most is None:
        most = max([1, *map(len, checked)])
    padded = np.zeros((len(checked), most, 4), np.float32)
    counts = np.zeros(len(checked), np.int32)
    for i, found in enumerate(checked):
        if len(found) > most:
            if overflow is None:
                raise ValueError(
                    f"boxes[{i}]: expected at most {most}, got {len(found)}; overflow='first' or "
                    "'largest' says which to keep"
                )
            found = found[_kept(found, most, overflow)]
        padded[i, : len(found)] = found
        counts[i] = len(found)
    return padded, counts


@keras.saving.register_keras_serializable("ragged_edges")
class CropRegions(NamesNested, layers.Layer):
    """Cut regions out of a feature map, all to one size, as a sequence with a mask.

    Each box is divided into a grid of ``size``, and the map is read at the centre of each part,
    bilinearly between the centres of its cells. Cell ``k`` of the map stands for the pixels
    ``k * stride`` to ``(k + 1) * stride``; where layers without padding shift that, say so by
    moving the boxes. Beyond the outermost centres of cells, the outermost cell counts.

    A region is a step: the output has ``height * width * channels`` features, and its Keras mask
    has as many real steps a row as ``counts`` says. Steps of padding are 0. An image without a
    region is a row of 0s whose mask is False throughout. Gradients flow to the map and the boxes.

    Pass the sizes of the map's real parts as well, as soon as the map holds images of several
    sizes: without them the whole map is taken for real, and a box at the edge of its image reads
    the padding behind it. With them, what the padding holds, NaN too, has no influence.

    Boxes are float32 whatever the layer's dtype is. A program that only loads a saved model must
    import this class first.

    Args:
        size: Height and width of the grid, in cells.
        stride: Pixels per cell of the map, over rows and columns; one integer is for both.
        **kwargs: ``name`` and the like, as for any layer.

    Raises:
        TypeError: ``size`` or ``stride`` are not integers. When called: ``counts`` or ``sizes``
            are not.
        ValueError: One of them is below 1. When called: another shape, a count above the number
            of regions, or a size larger than the map. In compiled code counts and sizes have no
            values yet and are not compared.

    Source: RoIAlign, :cite:t:`he2017`, with one sample per part.

    Example:
        >>> ramp = np.arange(4.0).reshape(1, 1, 4, 1)  # the centre of cell k is at k + 0.5
        >>> crop = CropRegions((1, 2))
        >>> values = crop([ramp, np.array([[[0, 1, 1, 4]]], "float32"), np.array([1])])
        >>> keras.ops.convert_to_numpy(values).tolist()
        [[[1.25, 2.75]]]
    """

    def __init__(self, size: Any, stride: Any = (1, 1), **kwargs: Any):
        super().__init__(autocast=False, **kwargs)  # boxes keep their float32
        self.size = pair("size", size)
        stride = (stride, stride) if isinstance(stride, int | np.integer) else stride
        self.stride = pair("stride", stride)

    def call(self, inputs: Any) -> Any:
        """Cut the regions out.

        Args:
            inputs: A list of the feature map ``(batch, height, width, channels)``; the boxes
                ``(batch, regions, 4)`` in pixels of the image; the counts, integers ``(batch,)``;
                and, best not left out, the sizes of the map's real parts, integers ``(batch, 2)``.

        Returns:
            ``(batch, regions, height * width * channels)`` of the layer's dtype.
        """
        x, boxes, counts, sizes = _four(inputs)
        x, boxes = ops.cast(x, self.compute_dtype), ops.cast(boxes, "float32")
        counts = _checked_counts(counts, boxes)
        _, height, width, channels = ops.shape(x)
        last = [height - 1, width - 1]
        if sizes is not None:
            sizes = checked_sizes(sizes, x)
            rows = mask_from_lengths(sizes[:, 0], x)
            columns = mask_from_lengths(sizes[:, 1], x[:, 0])
            real = ops.logical_and(rows[:, :, None], columns[:, None, :])
            x = ops.where(real[..., None], x, ops.zeros_like(x))
            last = [ops.maximum(sizes[:, axis, None, None] - 1, 0) for axis in (0, 1)]
        real = mask_from_lengths(counts, boxes)[:, :, None]
        y = self._weights(boxes, 0, last[0], height)
        z = self._weights(boxes, 1, last[1], width)
        regions = ops.einsum("brih,bhwc->briwc", y, x)
        regions = ops.einsum("brjw,briwc->brijc", z, regions)
        batch, most = ops.shape(boxes)[:2]
        regions = ops.reshape(regions, (batch, most, self.size[0] * self.size[1] * channels))
        return ops.where(real, regions, ops.zeros_like(regions))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the output, bool ``(batch, regions)``."""
        _, boxes, counts, _ = _four(inputs)
        if not isinstance(boxes, keras.KerasTensor):
            boxes = ops.convert_to_tensor(boxes)
        return mask_from_lengths(_checked_counts(counts, boxes), boxes)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """Return ``(batch, regions, height * width * channels)``."""
        feature_map, boxes, _, _ = _four(input_shape)
        for name, shape, expected in (
            ("feature_map", feature_map, "batch, height, width, channels"),
            ("boxes", boxes, "batch, regions, 4"),
        ):
            four = name == "feature_map" or shape[-1] in (None, 4)
            if len(shape) != len(expected.split()) or not four:
                raise ValueError(f"{name}: expected ({expected}), got shape {tuple(shape)}")
        channels = feature_map[3]
        features = None if channels is None else self.size[0] * self.size[1] * channels
        return (boxes[0], boxes[1], features)

    def build(self, input_shape: Any) -> None:
        """Check the shapes."""
        self.compute_output_shape(input_shape)
        self.built = True

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "size": self.size, "stride": self.stride}

    def _weights(self, boxes: Any, axis: int, last: Any, cells: Any) -> Any:
        """How much of each cell each part of the grid reads, ``(batch, regions, parts, cells)``."""
        first, end = boxes[:, :, axis, None], boxes[:, :, axis + 2, None]
        parts = (ops.arange(self.size[axis], dtype="float32") + 0.5) / self.size[axis]
        centres = (first + (end - first) * parts) / float(self.stride[axis]) - 0.5
        last = ops.cast(last, "float32")
        centres = ops.minimum(ops.maximum(centres, 0.0), last)
        # Not 1 - |distance|: its gradient at the centre of a cell is wrong, and whole pixels hit it
        before = ops.floor(centres)
        share, after = centres - before, ops.minimum(before + 1.0, last)
        cell = ops.arange(cells, dtype="float32")
        weights = ops.where(ops.equal(cell, before[..., None]), 1.0 - share[..., None], 0.0)
        weights += ops.where(ops.equal(cell, after[..., None]), share[..., None], 0.0)
        return ops.cast(weights, self.compute_dtype)


def _cut(ink: np.ndarray, left: int, right: int, widest: int | None) -> list[tuple[int, int]]:
    """Cut the columns ``left`` to ``right``, with ink at both ends, into parts up to ``widest``."""
    if widest is None or right - left <= widest:
        return [(left, right)]
    least = max(1, widest // 2)
    places = np.arange(left + least, right - least + 1)
    off_centre = np.abs(2 * places - left - right)
    place = places[np.lexsort((off_centre, ink[places - 1] + ink[places]))[0]]
    parts = []
    for start, end in ((left, place), (place, right)):
        inked = start + np.flatnonzero(ink[start:end])
        parts += _cut(ink, inked[0], inked[-1] + 1, widest)
    return parts


def _four(inputs: Any) -> tuple:
    one = not isinstance(inputs, list | tuple) or isinstance(inputs[-1], int | None)  # or its shape
    if one or len(inputs) not in (3, 4):
        got = "one tensor" if one else f"{len(inputs)} of them"
        raise ValueError(
            f"inputs: expected [feature_map, boxes, counts] or these and sizes, got {got}"
        )
    return (*inputs, None) if len(inputs) == 3 else tuple(inputs)


def _checked_counts(counts: Any, boxes: Any) -> Any:
    if not isinstance(counts, keras.KerasTensor):
        counts = ops.convert_to_tensor(counts)
    if "int" not in keras.backend.standardize_dtype(counts.dtype):
        raise TypeError(f"counts: expected integers, got dtype {counts.dtype}")
    if len(counts.shape) != 1:
        raise ValueError(f"counts: expected (batch,), got shape {tuple(counts.shape)}")
    known, most = values(counts), boxes.shape[1]
    if known is not None and most is not None:
        wrong = (known < 0) | (known > most)
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f"counts: expected 0 to {most}, got {known[row]} in row {row}")
    return counts


def _checked_boxes(i: int, boxes: Any, size: Any, outside: str) -> np.ndarray:
    """The boxes of image ``i``, float64 ``(regions, 4)``."""
    boxes = plain_array(f"boxes[{i}]", boxes)
    if boxes.size == 0 and (boxes.ndim == 1 or boxes.shape == (0, 4)):
        return np.zeros((0, 4))
    if boxes.dtype.kind not in "iuf":
        raise TypeError(f"boxes[{i}]: expected numbers, got dtype {boxes.dtype}")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes[{i}]: expected (regions, 4), got shape {boxes.shape}")
    boxes = boxes.astype(np.float64)
    _refuse(i, boxes, ~np.isfinite(boxes).all(axis=1), "finite numbers")
    ordered = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    _refuse(i, boxes, ~ordered, "top < bottom and left < right")
    height, width = (int(side) for side in size)
    cut = np.clip(boxes, 0, [height, width, height, width])
    if outside == "clip":
        left = (cut[:, :2] < cut[:, 2:]).all(axis=1)
        _refuse(i, boxes, ~left, f"a box that overlaps its image of {height} x {width}")
        return cut
    inside = (cut == boxes).all(axis=1)
    hint = f"a box within its image of {height} x {width} (outside='clip' cuts it)"
    _refuse(i, boxes, ~inside, hint)
    return boxes


def _refuse(i: int, boxes: np.ndarray, wrong: Any, expected: str) -> None:
    if wrong.any():
        box = int(wrong.argmax())
        raise ValueError(f"boxes[{i}][{box}]: expected {expected}, got {boxes[box].tolist()}")


def _kept(boxes: np.ndarray, most: int, overflow: str) -> slice | np.ndarray:
    """Which boxes to keep, in their order."""
    if overflow == "first":
        return slice(most)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return np.sort(np.argsort(-areas, kind="stable")[:most])
