"""The checks of arguments that much here takes: each says what was expected and what came."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

_BOOLS = {bool, np.bool_}


def is_integer(value: object) -> bool:
    """Whether ``value`` is an integer of Python or NumPy; a bool is none, nor is a duration."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64)


def plain_array(name: str, value: Any, expected: str = "one array of numbers") -> np.ndarray:
    """Return ``value`` as an array of NumPy, if nothing of it is lost by that.

    Args:
        name: The argument, for the errors.
        value: An array, a tensor with values, a number, or nested lists or tuples of numbers.
        expected: What the error about rows of different lengths says.

    Returns:
        The array; one that came in is not copied. Its dtype and its shape are for the caller.

    Raises:
        TypeError: A masked array, whose mask NumPy drops; bools among numbers, which NumPy makes
            0 and 1; integers that NumPy makes floats, because neither int64 nor uint64 holds all.
        ValueError: Lists of different lengths in one list.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: expected an array without a mask, got a masked array")
    kinds = _kinds(value)
    if any(issubclass(kind, np.ma.MaskedArray) for kind in kinds):
        raise TypeError(f"{name}: expected numbers without a mask, got masked ones in a list")
    if kinds & _BOOLS and kinds - _BOOLS:
        raise TypeError(f"{name}: expected numbers, got bool values among them")
    try:
        array = np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise ValueError(f"{name}: expected {expected}, got {error}") from None
    integers = bool(kinds) and all(issubclass(kind, int | np.integer) for kind in kinds)
    if integers and array.dtype.kind in "fO":
        raise TypeError(f"{name}: expected integers that int64 or uint64 holds, got larger ones")
    return array


def _kinds(value: Any) -> set[type]:
    """Types of the items of nested lists and tuples."""
    if not isinstance(value, list | tuple):
        return set()
    kinds = set(map(type, value))
    if kinds & {list, tuple}:
        nested: Iterable = (_kinds(item) for item in value)
        kinds = kinds.union(*nested) - {list, tuple}
    return kinds


def integer(name: str, value: int, *, minimum: int | None = None) -> int:
    """Return ``value`` as an int, or say what is wrong with the argument ``name``."""
    if not is_integer(value):
        raise TypeError(f"{name}: expected an integer, got {type(value).__name__} {value!r}")
    if minimum is not None and value < minimum:
        raise ValueError(f"{name}: expected an integer of at least {minimum}, got {value}")
    return int(value)


def number(name: str, value: float) -> float:
    """Return ``value`` as a float, or say what is wrong with the argument ``name``."""
    real = isinstance(value, int | float | np.integer | np.floating)
    if not real or isinstance(value, bool | np.timedelta64):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__} {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value}")
    return float(value)


def pair(name: str, value: Sequence) -> tuple[int, int]:
    """Return a height and a width, 1 or more, or say what is wrong with ``name``."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError(f"{name}: expected a pair (height, width), got {value!r}")
    height, width = (integer(f"{name}[{i}]", side, minimum=1) for i, side in enumerate(value))
    return height, width


def choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Say what is wrong with the argument ``name`` if it is none of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")


def boolean(name: str, value: bool) -> None:
    """Say what is wrong with the argument ``name`` if it is neither True nor False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected True or False, got {value!r}")


def seed(shuffle: int | None) -> int | None:
    """Check the argument ``shuffle`` of a plan."""
    return None if shuffle is None else integer("shuffle", shuffle, minimum=0)
