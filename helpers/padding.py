"""Rows of varying length to one array and a mask, and back.

A *row* is an array ``(time, ...)``: its first axis is time, the others (features, or height and
width, or none) must be the same in all rows. The mask is True where a timestep is real.
"""

from collections.abc import Sequence

import numpy as np

from helpers.batching import lengths as lengths_of

SIDES = ("pre", "post")


def pad(
    rows: Sequence,
    length: int | None = None,
    *,
    side: str = "post",
    value: float = 0,
    truncate: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Pad rows to one length.

    The dtype of the rows is kept. Unlike Keras's ``pad_sequences``, nothing is cast to int32 and
    nothing is cut unless you ask for it.

    Args:
        rows: List of arrays ``(time, ...)`` or of lists, of one dtype and with equal axes after
            the first. A row may be empty. One array ``(batch, time, ...)`` is such a list too.
        length: Timesteps of the result, at least 1; None takes the longest row.
        side: Where the padding goes: ``"post"`` behind the row, ``"pre"`` before it.
        value: What the padding holds. The dtype must hold it exactly; NaN is fine for floats.
        truncate: Which end of a row longer than ``length`` is cut off: ``"pre"`` cuts the front
            and keeps the end, ``"post"`` the reverse. None makes a longer row an error.

    Returns:
        The array ``(batch, time, ...)`` and the mask, bool ``(batch, time)``, True at the rows'
        own timesteps. An empty row's mask is all False; attention and some losses turn such a row
        into NaN.

    Raises:
        TypeError: ``rows`` is not a list, a row is not numeric or has another dtype than row 0.
        ValueError: There are no rows; a row is a scalar, too long or differs in shape; ``value``
            does not fit the dtype; ``length``, ``side`` or ``truncate`` is not one of the above.

    Example:
        >>> array, mask = pad([[1, 2, 3], [4]])
        >>> array.tolist(), mask.tolist()
        ([[1, 2, 3], [4, 0, 0]], [[True, True, True], [True, False, False]])
    """
    check_options(length, side)
    if truncate is not None:
        _one_of("truncate", truncate)
    rows = as_rows(rows)
    fill = fill_value(value, rows[0].dtype)
    sizes = lengths_of(rows)
    steps = int(sizes.max()) if length is None else int(length)
    if truncate is None:
        _check_longest(sizes, steps)
    elif truncate == "post":
        rows = [row[:steps] for row in rows]
    else:
        rows = [row[max(len(row) - steps, 0) :] for row in rows]

    used = np.minimum(sizes, steps)
    starts = steps - used if side == "pre" else np.zeros_like(used)
    array = np.full((len(rows), steps, *rows[0].shape[1:]), fill, dtype=rows[0].dtype)
    for target, row, start in zip(array, rows, starts, strict=True):
        target[start : start + len(row)] = row
    step = np.arange(steps)
    mask = (step >= starts[:, None]) & (step < (starts + used)[:, None])
    return array, mask


def unpad(array: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """Take the padding off again: the inverse of `pad`, whichever side was padded.

    Args:
        array: ``(batch, time, ...)``.
        mask: bool ``(batch, time)``, True at the timesteps to keep; in each row these are
            neighbours.

    Returns:
        List of ``batch`` arrays ``(time, ...)``, copies, each as long as its row's mask is True.

    Raises:
        TypeError: ``mask`` is not bool.
        ValueError: The shapes do not agree, or a row's mask has a hole between True steps.

    Example:
        >>> [row.tolist() for row in unpad(*pad([[1, 2, 3], [4]], side="pre"))]
        [[1, 2, 3], [4]]
    """
    array, mask = np.asarray(array), np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask: expected bool, got dtype {mask.dtype}")
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


def as_rows(rows: Sequence, name: str = "rows") -> list[np.ndarray]:
    """Check rows and return them as a list of arrays of one dtype and feature shape.

    An empty list has neither dtype nor features; it takes those of the other rows.

    Args:
        rows: List of arrays ``(time, ...)`` or of lists; or one array ``(batch, time, ...)``.
        name: What an error calls the rows.

    Returns:
        List of arrays ``(time, ...)``; arrays that came in are not copied.

    Raises:
        TypeError: Not a list, or a row that is not numeric or has another dtype.
        ValueError: No rows, or a row that is a scalar or has another shape after its first axis.
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
    arrays = [_as_row(row, f"{name}[{i}]") for i, row in enumerate(rows)]
    bare = [isinstance(row, list | tuple) and len(row) == 0 for row in rows]
    model_index = bare.index(False) if False in bare else 0
    model = arrays[model_index]
    for i, (array, empty) in enumerate(zip(arrays, bare, strict=True)):
        if empty:
            arrays[i] = np.empty((0, *model.shape[1:]), model.dtype)
            continue
        if array.dtype != model.dtype:
            raise TypeError(
                f"{name}: expected one dtype, got {model.dtype} in row {model_index} and "
                f"{array.dtype} in row {i}"
            )
        if array.shape[1:] != model.shape[1:]:
            raise ValueError(
                f"{name}: expected rows that differ only in their first axis, got shape "
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


def check_options(length: int | None, side: str) -> None:
    """Check the arguments ``length`` and ``side`` of `pad`.

    Raises:
        TypeError: ``length`` is not an integer.
        ValueError: ``length`` is less than 1, or ``side`` is unknown.
    """
    if length is not None:
        if isinstance(length, bool | np.bool_) or not isinstance(length, int | np.integer):
            raise TypeError(f"length: expected an integer or None, got {length!r}")
        if length < 1:
            raise ValueError(f"length: expected at least 1, got {length}")
    _one_of("side", side)


def _one_of(name: str, given: str) -> None:
    if not isinstance(given, str) or given not in SIDES:
        raise ValueError(f"{name}: expected 'pre' or 'post', got {given!r}")


def _as_row(row: object, name: str) -> np.ndarray:
    try:
        array = np.asarray(row)
    except ValueError as error:  # a list of lists of different lengths
        raise ValueError(f"{name}: expected one array (time, ...), got {error}") from None
    if not _is_numeric(array.dtype):
        raise TypeError(f"{name}: expected numbers or bools, got dtype {array.dtype}")
    if array.ndim == 0:
        raise ValueError(f"{name}: expected an array (time, ...), got the scalar {row!r}")
    return array


def _is_numeric(dtype: np.dtype) -> bool:
    # bfloat16 and its kin are not NumPy's own; they say kind "V" and isbuiltin 2.
    return dtype.kind in "biufc" or (dtype.kind == "V" and dtype.isbuiltin == 2)


def _check_longest(sizes: np.ndarray, steps: int) -> None:
    if (sizes > steps).any():
        row = int(np.argmax(sizes > steps))
        raise ValueError(
            f"rows: row {row} has {sizes[row]} timesteps, more than length={steps}; "
            "truncate='pre' cuts its front, truncate='post' its end"
        )
