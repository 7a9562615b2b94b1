"""The checks of arguments that much here takes: each says what was expected and what came."""

from collections.abc import Sequence

import numpy as np


def is_integer(value: object) -> bool:
    """Whether ``value`` is an integer of Python or NumPy; a bool is none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def integer(name: str, value: int, *, minimum: int | None = None) -> int:
    """Return ``value`` as an int, or say what is wrong with the argument ``name``."""
    if not is_integer(value):
        raise TypeError(f"{name}: expected an integer, got {type(value).__name__} {value!r}")
    if minimum is not None and value < minimum:
        raise ValueError(f"{name}: expected an integer of at least {minimum}, got {value}")
    return int(value)


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
