"""Rows of varying length to one array and a mask, or packed several in a line, and back.

A *row* is an array ``(time, ...)``: its first axis is time, the others (features, or height and
width, or none) must be the same in all rows. With ``axes=2`` a row is an image ``(height, width)``
or ``(height, width, channels)``, and images may differ in both. The mask is True where a timestep
or a pixel is real. `fitted_size` says how large an image is once it is resized into a box.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from helpers.arguments import boolean, is_integer, pair
from helpers.batching.packing import PackedPlan

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
    array, mask = np.asarray(array), np.asarray(mask)
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


def fitted_size(
    size: tuple[int, int], box: tuple[int, int], *, enlarge: bool = True
) -> tuple[int, int]:
    """Compute the largest size of the same aspect that fits in a box.

    One side becomes that of the box. The other is scaled by the same factor and rounded to whole
    pixels, halves up, but never to less than 1: so the aspect is kept but for half a pixel, and a
    very long and thin image ends thicker than it was.

    Args:
        size: Height and width of an image in pixels, at least 1.
        box: Height and width of the box, at least 1.
        enlarge: Whether an image smaller than the box is enlarged. If not, it keeps its size.

    Returns:
        Height and width in pixels, each at least 1 and at most that of the box.

    Raises:
        TypeError: A size is not two integers, or ``enlarge`` is no bool.
        ValueError: A side is below 1.

    Example:
        >>> fitted_size((200, 300), (96, 96))
        (64, 96)
        >>> fitted_size((20, 30), (96, 96), enlarge=False)
        (20, 30)
    """
    (height, width), (high, wide) = pair("size", size), pair("box", box)
    boolean("enlarge", enlarge)
    if not enlarge and height <= high and width <= wide:
        return height, width
    if high * width <= wide * height:  # the height meets the box first
        return high, max(1, _rounded(width * high, height))
    return max(1, _rounded(height * wide, width)), wide


class Packed(NamedTuple):
    """A batch of bins, each with several rows one after the other.

    Attributes:
        values: ``(batch, capacity, ...)``, the rows and behind them padding.
        segments: int32 ``(batch, capacity)``, 1 at the steps of the first row of a bin, 2 at those
            of the second, and so on; 0 in padding.
        positions: int32 ``(batch, capacity)``, the number of each step within its row, from 0; 0
            in padding.
    """

    values: np.ndarray
    segments: np.ndarray
    positions: np.ndarray


def pack(rows: Sequence, plan: PackedPlan, i: int, *, value: float = 0) -> Packed:
    """Pack the rows of one batch into bins, as the plan says.

    Args:
        rows: All ``plan.n`` rows: list of arrays ``(time, ...)`` or of lists, of one dtype and with
            equal axes after the first, each as long as the plan has it.
        plan: Made by `helpers.batching.packed`.
        i: Which batch.
        value: What the padding holds. The dtype must hold it exactly.

    Returns:
        The batch ``(batch, capacity, ...)`` in the dtype of the rows, and what tells its rows
        apart.

    Raises:
        TypeError: ``plan`` is no packed plan, ``rows`` is not a list, a row is not numeric or the
            rows of the batch differ in dtype.
        ValueError: There are not ``plan.n`` rows, a row has another length than in the plan, rows
            of the batch differ in shape, or ``value`` does not fit the dtype.
        IndexError: There is no batch ``i``.

    Example:
        >>> from helpers.batching import packed
        >>> plan = packed([3, 2, 4], capacity=5, batch_size=2)
        >>> batch = pack([[1, 2, 3], [4, 5], [6, 7, 8, 9]], plan, 0)
        >>> batch.values.tolist()
        [[6, 7, 8, 9, 0], [1, 2, 3, 4, 5]]
        >>> batch.segments.tolist(), batch.positions.tolist()
        ([[1, 1, 1, 1, 0], [1, 1, 1, 2, 2]], [[0, 1, 2, 3, 0], [0, 1, 2, 0, 1]])
    """
    check_packed(plan)
    if isinstance(rows, list | tuple | np.ndarray) and len(rows) != plan.n:
        raise ValueError(f"rows: expected the plan's {plan.n} rows, got {len(rows)}")
    try:
        shown = as_rows([rows[row] for row in plan[i]])
    except (TypeError, ValueError):
        as_rows(rows)  # names the row by its own number
        raise
    wrong = [len(row) for row in shown] != plan.lengths[plan[i]]
    if wrong.any():
        index = int(wrong.argmax())
        row = plan[i][index]
        raise ValueError(
            f"rows: row {row} has {len(shown[index])} timesteps, but the plan has it as "
            f"{plan.lengths[row]}"
        )
    values = fill_bins(np.concatenate(shown), plan, i, fill_value(value, shown[0].dtype))
    return Packed(values, *segments_of(plan, i))


def unpack(array: np.ndarray, plan: PackedPlan, i: int) -> list[np.ndarray]:
    """Take the rows of one batch out of their bins: the inverse of `pack`.

    Args:
        array: ``(batch, capacity, ...)``: what was packed, or a model's output for each step.
        plan: The plan that it was packed by, of the same epoch.
        i: Which batch.

    Returns:
        List of arrays ``(time, ...)``, copies, one for each row in the order of ``plan[i]``. Those
        of all batches, one after the other, are what ``plan.restore`` takes.

    Raises:
        TypeError: ``plan`` is no packed plan.
        ValueError: ``array`` does not have the batch's bins and timesteps.
        IndexError: There is no batch ``i``.

    Example:
        >>> from helpers.batching import packed
        >>> plan = packed([3, 2, 4], capacity=5, batch_size=2)
        >>> batch = pack([[1, 2, 3], [4, 5], [6, 7, 8, 9]], plan, 0)
        >>> [row.tolist() for row in unpack(batch.values, plan, 0)]
        [[6, 7, 8, 9], [1, 2, 3], [4, 5]]
    """
    check_packed(plan)
    array = np.asarray(array)
    bins, starts = plan.places(i)
    expected = (int(plan.sizes[i]), plan.capacity)
    if array.shape[:2] != expected:
        raise ValueError(
            f"array: expected (batch, capacity, ...), which is {expected} for batch {i}, got shape "
            f"{array.shape}"
        )
    ends = starts + plan.lengths[plan[i]]
    return [
        array[number, start:end].copy()
        for number, start, end in zip(bins, starts, ends, strict=True)
    ]


def fill_bins(cells: np.ndarray, plan: PackedPlan, i: int, fill: np.generic) -> np.ndarray:
    """Lay ``cells``, the rows of ``plan[i]`` one after the other, into the bins of batch ``i``."""
    values = np.full((plan.sizes[i] * plan.capacity, *cells.shape[1:]), fill, cells.dtype)
    values[_steps(plan, i)[0]] = cells
    return values.reshape(-1, plan.capacity, *cells.shape[1:])


def segments_of(plan: PackedPlan, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Segments and positions of batch ``i``, int32 ``(batch, capacity)`` each."""
    bins, _ = plan.places(i)
    steps, positions = _steps(plan, i)
    numbers = np.arange(len(bins)) - np.searchsorted(bins, bins) + 1
    arrays = np.zeros((2, plan.sizes[i] * plan.capacity), np.int32)
    arrays[0, steps] = np.repeat(numbers, plan.lengths[plan[i]])
    arrays[1, steps] = positions
    return tuple(arrays.reshape(2, -1, plan.capacity))


def check_packed(plan: PackedPlan) -> None:
    """Say so if ``plan`` is no packed plan."""
    if not isinstance(plan, PackedPlan):
        raise TypeError(
            f"plan: expected a plan made by helpers.batching.packed, got {type(plan).__name__}"
        )


def _steps(plan: PackedPlan, i: int) -> tuple[np.ndarray, np.ndarray]:
    # For each step of the batch's rows: its place in the bins laid end to end, and in its row.
    bins, starts = plan.places(i)
    lengths = plan.lengths[plan[i]]
    ends = np.cumsum(lengths)
    positions = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    return np.repeat(bins * plan.capacity + starts, lengths) + positions, positions


def as_rows(rows: Sequence, name: str = "rows", axes: int = 1) -> list[np.ndarray]:
    """Check rows and return them as a list of arrays of one dtype and feature shape.

    An empty list has neither dtype nor features; it takes those of the other rows.

    Args:
        rows: List of arrays ``(time, ...)`` or of lists; or one array ``(batch, time, ...)``.
        name: What an error calls the rows.
        axes: On how many axes rows may differ: 1, or 2 for arrays ``(height, width, ...)``.

    Returns:
        List of arrays ``(time, ...)``, or ``(height, width, ...)``; arrays that came in are not
        copied.

    Raises:
        TypeError: Not a list, or a row that is not numeric or has another dtype.
        ValueError: No rows, or a row that has less than ``axes`` axes or another shape after them.
    """
    if isinstance(rows, np.ndarray) and rows.dtype == object:
        raise TypeError(f"{name}: expected a list of rows, got an object array; pass list({name})")
    if not (isinstance(rows, list | tuple) or (isinstance(rows, np.ndarray) and rows.ndim)):
        raise TypeError(
            f"{name}: expected a list of rows, got {type(rows).__name__}; "
            f"make it a list first, e.g. list({name})"
        )
    if len(rows) == 0:
        raise ValueError(f"{name}: expected at least one row, got none")
    arrays = [_as_row(row, f"{name}[{i}]", axes) for i, row in enumerate(rows)]
    bare = [_is_bare(row) for row in rows]
    model_index = bare.index(False) if False in bare else 0
    model = arrays[model_index]
    features = model.shape[axes:]
    for i, (array, empty) in enumerate(zip(arrays, bare, strict=True)):
        if empty:
            arrays[i] = np.empty((0,) * axes + features, model.dtype)
            continue
        if array.dtype != model.dtype:
            raise TypeError(
                f"{name}: expected one dtype, got {model.dtype} in row {model_index} and "
                f"{array.dtype} in row {i}"
            )
        if array.shape[axes:] != features:
            differ = "first axis" if axes == 1 else "first two axes"
            raise ValueError(
                f"{name}: expected rows that differ only in their {differ}, got shape "
                f"{model.shape} in row {model_index} and {array.shape} in row {i}"
            )
    return arrays


def fill_value(value: float, dtype: np.dtype, name: str = "value") -> np.generic:
    """Return ``value`` as a scalar of ``dtype``, or say that the dtype cannot hold it exactly.

    Raises:
        TypeError: ``value`` is not a scalar number.
        ValueError: The dtype does not hold it: 300 in uint8, NaN or 0.5 in int64, 0.1 in float32
            (pass ``numpy.float32(0.1)`` to mean the nearest one).
    """
    given = np.asarray(value)
    if given.ndim or not _is_numeric(given.dtype):
        raise TypeError(f"{name}: expected one number, got {value!r}")
    if dtype.kind == "c" or given.dtype.kind != "c":
        with np.errstate(all="ignore"):  # the error below says it better than a RuntimeWarning
            cast = given.astype(dtype)
        before, after = given.item(), cast.item()  # Python compares int and float unrounded
        if before == after or (before != before and after != after):
            return cast[()]
    raise ValueError(f"{name}: {value!r} cannot be held exactly in the rows' dtype {dtype}")


def check_options(length: int | tuple | None, side: str, axes: int = 1) -> None:
    """Check the arguments ``length``, ``side`` and ``axes`` of `pad`.

    Raises:
        TypeError: ``length`` is not an integer, nor a pair with ``axes=2``; ``axes`` is no integer.
        ValueError: ``length`` is less than 1, ``side`` is unknown or not ``"post"`` with
            ``axes=2``, or ``axes`` is neither 1 nor 2.
    """
    if not is_integer(axes):
        raise TypeError(f"axes: expected 1 or 2, got {axes!r}")
    if axes not in (1, 2):
        raise ValueError(f"axes: expected 1 or 2, got {axes}")
    expected = "an integer or None" if axes == 1 else "an integer, a pair (height, width) or None"
    each = (length,)
    if axes == 2 and isinstance(length, tuple | list):
        if len(length) != 2:
            raise ValueError(f"length: expected {expected}, got {length!r}")
        each = length
    for number in each:
        if number is None:
            continue
        if not is_integer(number):
            raise TypeError(f"length: expected {expected}, got {length!r}")
        if number < 1:
            raise ValueError(f"length: expected at least 1, got {length}")
    _one_of("side", side)
    if axes == 2 and side != "post":
        raise ValueError(f"side: expected 'post' with axes=2, got {side!r}")


def _rounded(over: int, under: int) -> int:
    """Divide and round to an integer, halves up."""
    return (2 * over + under) // (2 * under)


def _one_of(name: str, given: str) -> None:
    if not isinstance(given, str) or given not in SIDES:
        raise ValueError(f"{name}: expected 'pre' or 'post', got {given!r}")


def _is_bare(row: object) -> bool:
    return isinstance(row, list | tuple) and len(row) == 0


def _as_row(row: object, name: str, axes: int) -> np.ndarray:
    wanted = "(time, ...)" if axes == 1 else "(height, width, ...)"
    try:
        array = np.asarray(row)
    except ValueError as error:  # a list of lists of different lengths
        raise ValueError(f"{name}: expected one array {wanted}, got {error}") from None
    if not _is_numeric(array.dtype):
        raise TypeError(f"{name}: expected numbers or bools, got dtype {array.dtype}")
    if array.ndim == 0:
        raise ValueError(f"{name}: expected an array {wanted}, got the scalar {row!r}")
    if array.ndim < axes and not _is_bare(row):
        raise ValueError(f"{name}: expected an array {wanted}, got shape {array.shape}")
    return array


def _is_numeric(dtype: np.dtype) -> bool:
    # bfloat16 and its kin are not NumPy's own; they say kind "V" and isbuiltin 2.
    return dtype.kind in "biufc" or (dtype.kind == "V" and dtype.isbuiltin == 2)


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
