"""The checks of arguments that much here takes: each says what was expected and what came."""

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

_BOOLS = {bool, np.bool_}
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxlong, _SHORT.maxother = 3, 60, 60, 100


def shown(value: object) -> str:
    """Return ``value`` in one short line for an error, whatever it is.

    Example:
        >>> shown(list(range(1000)))
        '[0, 1, 2, 3, 4, 5, ...]'
    """
    try:
        return " ".join(_SHORT.repr(value).split())
    except Exception:  # what cannot be printed must not hide what is wrong
        return f"a value of type {type(value).__name__}"


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
        ValueError: Lists of different lengths in one list, or what else NumPy makes no array of.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: expected an array without a mask, got a masked array")
    try:
        kinds = _kinds(value)
    except RecursionError:
        raise ValueError(f"{name}: expected {expected}, got lists nested without end") from None
    if any(issubclass(kind, np.ma.MaskedArray) for kind in kinds):
        raise TypeError(f"{name}: expected numbers without a mask, got masked ones in a list")
    if kinds & _BOOLS and kinds - _BOOLS:
        raise TypeError(f"{name}: expected numbers, got bool values among them")
    try:
        array = np.asarray(value)
    except Exception as error:  # each kind of tensor without values raises its own
        nested = isinstance(value, list | tuple) and isinstance(error, ValueError)
        got = "lists of different lengths" if nested else shown(value)
        raise ValueError(f"{name}: expected {expected}, got {got}") from None
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


def finite_array(name: str, value: Any) -> np.ndarray:
    """Return ``value`` as an array, or say that it holds what is no finite real number."""
    array = plain_array(name, value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}: expected numbers, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got {array[~np.isfinite(array)][0]}")
    return array


def listed(name: str, values: Any) -> list:
    """Return ``values`` as a list, or say that they are none: a text or a dict is none."""
    try:
        if not isinstance(values, str | bytes | Mapping):
            return list(values)
    except Exception:  # what cannot be iterated, each in its own way
        pass
    raise TypeError(f"{name}: expected a list, got {type(values).__name__} {shown(values)}")


def mapping(name: str, values: Any) -> None:
    """Say what is wrong with ``name`` if it is no dict whose keys are texts."""
    if not isinstance(values, Mapping):
        raise TypeError(f"{name}: expected a dict, got {type(values).__name__} {shown(values)}")
    for key in values:
        text(f"{name}: a key", key)


def integer(
    name: str, value: int, *, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return ``value`` as an int, or say what is wrong with the argument ``name``."""
    if not is_integer(value):
        raise TypeError(f"{name}: expected an integer, got {type(value).__name__} {shown(value)}")
    if minimum is not None and value < minimum:
        raise ValueError(
            f"{name}: expected an integer of at least {shown(minimum)}, got {shown(value)}"
        )
    if maximum is not None and value > maximum:
        raise ValueError(f"{name}: expected an integer of at most {maximum}, got {shown(value)}")
    return int(value)


def number(name: str, value: float) -> float:
    """Return ``value`` as a float, or say what is wrong with the argument ``name``."""
    real = isinstance(value, int | float | np.integer | np.floating)
    if not real or isinstance(value, bool | np.timedelta64):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__} {shown(value)}")
    try:
        finite = np.isfinite(float(value))
    except OverflowError:  # an integer that no float holds
        finite = False
    if not finite:
        raise ValueError(f"{name}: expected a finite number, got {shown(value)}")
    return float(value)


def pair(name: str, value: Sequence) -> tuple[int, int]:
    """Return a height and a width, 1 or more, or say what is wrong with ``name``."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError(f"{name}: expected a pair (height, width), got {shown(value)}")
    height, width = (integer(f"{name}[{i}]", side, minimum=1) for i, side in enumerate(value))
    return height, width


def choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Say what is wrong with the argument ``name`` if it is none of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        expected = ", ".join(map(repr, choices))
        raise ValueError(f"{name}: expected one of {expected}, got {shown(value)}")


def text(name: str, value: str) -> None:
    """Say what is wrong with the argument ``name`` if it is no text."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a text, got {type(value).__name__} {shown(value)}")


def boolean(name: str, value: bool) -> None:
    """Say what is wrong with the argument ``name`` if it is neither True nor False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected True or False, got {shown(value)}")


def seed(shuffle: int | None) -> int | None:
    """Check the argument ``shuffle`` of a plan."""
    return None if shuffle is None else integer("shuffle", shuffle, minimum=0)
