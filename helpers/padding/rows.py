"""Rows as they are given: checked, of one dtype and one feature shape, and what can pad them."""

from collections.abc import Sequence

import numpy as np

from helpers.arguments import is_integer, plain_array, shown


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
    check_axes(axes)
    check_list(rows, name)
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


def check_list(rows: Sequence, name: str = "rows") -> None:
    """Say so if ``rows`` is neither a list nor an array whose rows lie along its first axis."""
    if isinstance(rows, np.ma.MaskedArray):
        plain_array(name, rows)  # says that the mask would be lost
    if isinstance(rows, np.ndarray) and rows.dtype == object:
        raise TypeError(f"{name}: expected a list of rows, got an object array; pass list({name})")
    if not (isinstance(rows, list | tuple) or (isinstance(rows, np.ndarray) and rows.ndim)):
        raise TypeError(
            f"{name}: expected a list of rows, got {type(rows).__name__}; "
            f"make it a list first, e.g. list({name})"
        )


def check_axes(axes: int) -> None:
    """Say so if ``axes``, on how many axes rows differ, is neither 1 nor 2."""
    if not is_integer(axes):
        raise TypeError(f"axes: expected 1 or 2, got {shown(axes)}")
    if axes not in (1, 2):
        raise ValueError(f"axes: expected 1 or 2, got {shown(axes)}")


def fill_value(value: float, dtype: np.dtype, name: str = "value") -> np.generic:
    """Return ``value`` as a scalar of ``dtype``, or say that the dtype cannot hold it exactly.

    Raises:
        TypeError: ``value`` is not a scalar number; a bool is one only among bools.
        ValueError: The dtype does not hold it: 300 in uint8, NaN or 0.5 in int64, 0.1 in float32
            (pass ``numpy.float32(0.1)`` to mean the nearest one).
    """
    given = plain_array(name, value, "one number")
    if given.ndim or not is_numeric(given.dtype):
        raise TypeError(f"{name}: expected one number, got {shown(value)}")
    if given.dtype.kind == "b" and dtype.kind != "b":
        raise TypeError(f"{name}: expected a number, got {shown(value)}")
    if dtype.kind == "c" or given.dtype.kind != "c":
        with np.errstate(all="ignore"):  # the error below says it better than a RuntimeWarning
            cast = given.astype(dtype)
        before, after = given.item(), cast.item()  # Python compares int and float unrounded
        if before == after or (before != before and after != after):
            return cast[()]
    raise ValueError(f"{name}: {shown(value)} cannot be held exactly in the rows' dtype {dtype}")


def _is_bare(row: object) -> bool:
    return isinstance(row, list | tuple) and len(row) == 0


def _as_row(row: object, name: str, axes: int) -> np.ndarray:
    wanted = "(time, ...)" if axes == 1 else "(height, width, ...)"
    array = plain_array(name, row, f"one array {wanted}")
    if not is_numeric(array.dtype):
        raise TypeError(f"{name}: expected numbers or bools, got dtype {array.dtype}")
    if array.ndim == 0:
        raise ValueError(f"{name}: expected an array {wanted}, got the scalar {shown(row)}")
    if array.ndim < axes and not _is_bare(row):
        raise ValueError(f"{name}: expected an array {wanted}, got shape {array.shape}")
    return array


def is_numeric(dtype: np.dtype) -> bool:
    """Whether a dtype is one of numbers or bools."""
    # bfloat16 and its kin are not NumPy's own; they say kind "V" and isbuiltin 2.
    return dtype.kind in "biufc" or (dtype.kind == "V" and dtype.isbuiltin == 2)
