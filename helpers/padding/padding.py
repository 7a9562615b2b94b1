"""Rows of varying length to one array and a mask, and back."""

from collections.abc import Sequence

import numpy as np

from helpers.arguments import is_integer, plain_array, shown
from helpers.batching.checks import MOST
from helpers.padding.rows import as_rows, check_axes, fill_value

SIDES = ("pre", "post")


def pad(
    rows: Sequence,
    length: int | tuple[int | None, int | None] | None = None,
    *,
    axes: int = 1,
    side: str = "post",
    value: float = 0,
    truncate: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Pad rows to one length, or images to one height and width.

    The dtype of the rows is kept. Unlike Keras's ``pad_sequences``, nothing is cast to int32 and
    nothing is cut unless you ask for it.

    Args:
        rows: List of arrays ``(time, ...)`` or of lists, of one dtype and with equal axes after
            the first. A row may be empty. One array ``(batch, time, ...)`` is such a list too. With
            ``axes=2``, list of arrays ``(height, width, ...)`` with equal axes after the second.
        length: Timesteps of the result, at least 1; None takes the longest row. With ``axes=2``, a
            pair (height, width), each an integer or None; an integer is meant for both.
        axes: On how many axes rows differ: 1, or 2 for images.
        side: Where the padding goes: ``"post"`` behind the row, ``"pre"`` before it. Images are
            padded below and to the right, which is ``"post"``.
        value: What the padding holds. The dtype must hold it exactly; NaN is fine for floats.
        truncate: Which end of a row longer than ``length`` is cut off: ``"pre"`` cuts the front
            and keeps the end, ``"post"`` the reverse. None makes a longer row an error. Images can
            only be cut ``"post"``: what is below and to the right goes.

    Returns:
        The array ``(batch, time, ...)`` and the mask, bool ``(batch, time)``, True at the rows'
        own timesteps. An empty row's mask is all False; attention and some losses turn such a row
        into NaN. With ``axes=2`` the array ``(batch, height, width, ...)`` and the mask, bool
        ``(batch, height, width)``, True at the images' own pixels.

    Raises:
        TypeError: ``rows`` is not a list, a row is not numeric or has another dtype than row 0.
        ValueError: There are no rows; a row has too few axes, is too long or differs in shape;
            ``value`` does not fit the dtype; ``length``, ``axes``, ``side`` or ``truncate`` is not
            one of the above.

    Example:
        >>> array, mask = pad([[1, 2, 3], [4]])
        >>> array.tolist(), mask.tolist()
        ([[1, 2, 3], [4, 0, 0]], [[True, True, True], [True, False, False]])
        >>> array, mask = pad([[[1, 2, 3]], [[4], [5]]], axes=2)
        >>> array.tolist(), mask.sum(axis=(1, 2)).tolist()
        ([[[1, 2, 3], [0, 0, 0]], [[4, 0, 0], [5, 0, 0]]], [3, 2])
    """
    check_options(length, side, axes)
    if truncate is not None:
        _one_of("truncate", truncate)
        if axes == 2 and truncate == "pre":
            raise ValueError("truncate: expected 'post' or None with axes=2, got 'pre'")
    rows = as_rows(rows, axes=axes)
    fill = fill_value(value, rows[0].dtype)
    sizes = np.array([row.shape[:axes] for row in rows], dtype=np.int64)  # (batch, axes)
    asked = length if isinstance(length, tuple | list) else (length,) * axes
    target = np.array(
        [
            most if want is None else want
            for want, most in zip(asked, sizes.max(axis=0), strict=True)
        ]
    )
    if truncate is None:
        _check_longest(sizes, target)
    elif truncate == "post":
        rows = [row[tuple(map(slice, target))] for row in rows]
    else:
        rows = [row[max(len(row) - target[0], 0) :] for row in rows]

    used = np.minimum(sizes, target)
    starts = target - used if side == "pre" else np.zeros_like(used)
    array = np.full((len(rows), *target, *rows[0].shape[axes:]), fill, dtype=rows[0].dtype)
    if axes == 1:
        for place, row, start in zip(array, rows, starts[:, 0], strict=True):
            place[start : start + len(row)] = row
    else:
        for place, row in zip(array, rows, strict=True):
            place[: row.shape[0], : row.shape[1]] = row
    real = []
    for axis in range(axes):
        step = np.arange(target[axis])
        start, end = starts[:, axis, None], (starts + used)[:, axis, None]
        real.append((step >= start) & (step < end))
    return array, real[0] if axes == 1 else real[0][:, :, None] & real[1][:, None, :]


def unpad(array: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """Take the padding off again: the inverse of `pad`, whichever side was padded.

    Args:
        array: ``(batch, time, ...)``, or ``(batch, height, width, ...)``.
        mask: bool ``(batch, time)``, True at the timesteps to keep; in each row these are
            neighbours. Or bool ``(batch, height, width)``, True at the pixels to keep; in each
            image these are a rectangle from the top left.

    Returns:
        List of ``batch`` arrays ``(time, ...)`` or ``(height, width, ...)``, copies, each as long,
        or as high and wide, as its row's mask is True. An image without pixels comes back as
        ``(0, 0, ...)``, because its mask does not say how high or how wide it was.

    Raises:
        TypeError: ``mask`` is not bool.
        ValueError: The shapes do not agree, a row's mask has a hole between True steps, or an
            image's is not such a rectangle.

    Example:
        >>> [row.tolist() for row in unpad(*pad([[1, 2, 3], [4]], side="pre"))]
        [[1, 2, 3], [4]]
        >>> [row.tolist() for row in unpad(*pad([[[1, 2, 3]], [[4], [5]]], axes=2))]
        [[[1, 2, 3]], [[4], [5]]]
    """
    array, mask = plain_array("array", array), plain_array("mask", mask)
    if mask.dtype != bool:
        raise TypeError(f"mask: expected bool, got dtype {mask.dtype}")
    if mask.ndim == 3 and mask.shape == array.shape[:3]:
        return _unpad_images(array, mask)
    if array.ndim < 2 or mask.shape != array.shape[:2]:
        raise ValueError(
            f"mask: expected the array's (batch, time), which is {array.shape[:2]}, "
            f"got {mask.shape}"
        )
    counts = mask.sum(axis=1)
    steps = mask.shape[1]
    starts = mask.argmax(axis=1) if steps else counts
    ends = steps - mask[:, ::-1].argmax(axis=1) if steps else counts
    holes = (counts > 0) & (ends - starts != counts)
    if holes.any():
        raise ValueError(
            f"mask: expected neighbouring True steps, got a hole in row {int(holes.argmax())}"
        )
    return [
        row[start : start + count].copy()
        for row, start, count in zip(array, starts, counts, strict=True)
    ]


def check_options(length: int | tuple | None, side: str, axes: int = 1) -> None:
    """Check the arguments ``length``, ``side`` and ``axes`` of `pad`.

    Raises:
        TypeError: ``length`` is not an integer, nor a pair with ``axes=2``; ``axes`` is no integer.
        ValueError: ``length`` is less than 1 or beyond int32, ``side`` is unknown or not
            ``"post"`` with ``axes=2``, or ``axes`` is neither 1 nor 2.
    """
    check_axes(axes)
    expected = "an integer or None" if axes == 1 else "an integer, a pair (height, width) or None"
    each = (length,)
    if axes == 2 and isinstance(length, tuple | list):
        if len(length) != 2:
            raise ValueError(f"length: expected {expected}, got {shown(length)}")
        each = length
    for number in each:
        if number is None:
            continue
        if not is_integer(number):
            raise TypeError(f"length: expected {expected}, got {shown(length)}")
        if number < 1:
            raise ValueError(f"length: expected at least 1, got {shown(length)}")
        if number > MOST:
            raise ValueError(f"length: expected at most {MOST}, got {shown(length)}")
    _one_of("side", side)
    if axes == 2 and side != "post":
        raise ValueError(f"side: expected 'post' with axes=2, got {shown(side)}")


def _one_of(name: str, given: str) -> None:
    if not isinstance(given, str) or given not in SIDES:
        raise ValueError(f"{name}: expected 'pre' or 'post', got {shown(given)}")


def _check_longest(sizes: np.ndarray, target: np.ndarray) -> None:
    over = (sizes > target).any(axis=1)
    if not over.any():
        return
    row = int(np.argmax(over))
    if len(target) == 1:
        raise ValueError(
            f"rows: row {row} has {sizes[row, 0]} timesteps, more than length={target[0]}; "
            "truncate='pre' cuts its front, truncate='post' its end"
        )
    raise ValueError(
        f"rows: row {row} has height and width {tuple(sizes[row].tolist())}, more than "
        f"length={tuple(target.tolist())}; truncate='post' cuts what is below and to the right"
    )


def _unpad_images(array: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    heights, widths = mask.any(axis=2).sum(axis=1), mask.any(axis=1).sum(axis=1)
    rows, columns = np.arange(mask.shape[1]), np.arange(mask.shape[2])
    real = (rows < heights[:, None])[:, :, None] & (columns < widths[:, None])[:, None, :]
    wrong = (mask != real).any(axis=(1, 2))
    if wrong.any():
        raise ValueError(
            "mask: expected True pixels in a rectangle from the top left, got another form in "
            f"row {int(wrong.argmax())}"
        )
    return [
        image[:height, :width].copy()
        for image, height, width in zip(array, heights, widths, strict=True)
    ]
