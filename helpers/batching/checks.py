"""The lengths of rows, and the checks of the lengths and boundaries that plans take."""

from collections.abc import Sequence

import numpy as np

from helpers.arguments import plain_array

TAILS = ("keep", "drop", "pad", "wrap", "even")
COSTS = ("steps", "linear", "quadratic")
MOST = 2**31 - 1  # rows, slots, and rows in a batch
_SIDES = 2**31  # heights and widths stay below it, so that an area is an int64


def lengths(rows: Sequence) -> np.ndarray:
    """Length of every row: the size of its first axis.

    Args:
        rows: List of rows, each an array ``(time, ...)`` or a list; or one array
            ``(rows, time, ...)``.

    Returns:
        int64 ``(n,)``, in timesteps.

    Raises:
        TypeError: ``rows`` is not a sequence (a generator, say), or a row has no length.
        ValueError: There are no rows.

    Example:
        >>> lengths([[1, 2, 3], [4]]).tolist()
        [3, 1]
    """
    if not (isinstance(rows, list | tuple) or (isinstance(rows, np.ndarray) and rows.ndim)):
        raise TypeError(f"rows: expected a list of rows, got {type(rows).__name__}")
    if len(rows) == 0:
        raise ValueError("rows: expected at least one row, got none")
    return np.fromiter((_row_length(i, row) for i, row in enumerate(rows)), np.int64, len(rows))


def _integers(name: str, values: object) -> np.ndarray:
    return plain_array(name, values, "one array of integers")


def row_lengths(values: Sequence | np.ndarray, n: int | None = None) -> np.ndarray:
    """Check the argument ``lengths`` of a plan and return its own int64 copy."""
    array = _integers("lengths", values)
    if n is None:
        if array.ndim and len(array) == 0:
            raise ValueError("lengths: expected at least one row, got none")
        n = len(array) if array.ndim else "n"
    if array.ndim == 0 and array.dtype == object:  # a generator, a set, a dict
        raise TypeError(f"lengths: expected one integer per row, got {type(values).__name__}")
    if array.shape not in ((n,), (n, 2)):
        raise ValueError(
            f"lengths: expected shape ({n},) or ({n}, 2), one per row, got {array.shape}"
        )
    if array.dtype.kind not in "iu":  # a float may be NaN or half a token
        raise TypeError(f"lengths: expected integers, got dtype {array.dtype}")
    if array.min() < 0:
        row = int(np.argmax((array < 0).reshape(len(array), -1).any(axis=1)))
        raise ValueError(
            f"lengths: expected no negative length, got {array[row].tolist()} for row {row}"
        )
    _check_largest("lengths", array)
    return array.astype(np.int64)


def one_axis(values: Sequence | np.ndarray, instead: str = "") -> np.ndarray:
    """Check lengths of rows that vary on one axis; the error ends with ``instead``."""
    array = row_lengths(values)
    if array.ndim != 1:
        raise ValueError(
            f"lengths: expected shape (n,), one length per row, got {array.shape}{instead}"
        )
    return array


def _check_largest(name: str, array: np.ndarray) -> None:
    most = np.iinfo(np.int64).max if array.ndim == 1 else _SIDES - 1
    if array.max() > most:
        raise ValueError(f"{name}: expected at most {most}, got {array.max()}")


def check_boundaries(
    values: Sequence | np.ndarray, lengths: np.ndarray, name: str = "boundaries"
) -> np.ndarray:
    """Check the boundaries of a plan, the argument ``name``, and return their own int64 copy."""
    array = _integers(name, values)
    if array.ndim and len(array) == 0:
        raise ValueError(f"{name}: expected at least one, got none")
    if array.shape[1:] != lengths.shape[1:] or array.ndim == 0:
        expected = "(buckets,), one length each" if lengths.ndim == 1 else "(buckets, 2)"
        raise ValueError(
            f"{name}: expected shape {expected}, because lengths are of shape {lengths.shape}, "
            f"got {array.shape}"
        )
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got dtype {array.dtype}")
    if (array < 1).any():
        raise ValueError(f"{name}: expected at least 1, got {array.min()}")
    _check_largest(name, array)
    array = array.astype(np.int64)
    if array.ndim == 1 and (array[1:] > array[:-1]).all():
        return array
    _, first, counts = np.unique(array, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        again = array[first[np.argmax(counts)]].tolist()
        raise ValueError(f"{name}: expected each one once, got {again} more than once")
    if array.ndim == 1:
        index = int(np.argmax(np.diff(array) < 0))
        raise ValueError(
            f"{name}: expected increasing lengths, got {array[index + 1]} after {array[index]}"
        )
    return array


def _row_length(i: int, row: object) -> int:
    shape = getattr(row, "shape", None)
    if shape is not None and len(shape):
        return int(shape[0])
    if shape is None and isinstance(row, Sequence) and not isinstance(row, str | bytes):
        return len(row)
    raise TypeError(
        f"rows: expected an array (time, ...) or a list in row {i}, got "
        f"{'a scalar' if shape is not None else type(row).__name__}"
    )
