"""What is known of tensors: their values, the sizes of their axes, and their copy in NumPy."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


def as_numpy(x: Any) -> np.ndarray:
    """Return a tensor of any backend, or whatever NumPy can read, as an array."""
    return ops.convert_to_numpy(x) if ops.is_tensor(x) else np.asarray(x)


def values(x: Any) -> np.ndarray | None:
    """Return the values of a tensor, or None while a model or function is being traced."""
    if isinstance(x, keras.KerasTensor):
        return None
    try:
        return np.asarray(ops.convert_to_numpy(x))
    except Exception:  # each backend raises its own for a tensor without values
        return None


def sizes_agree(shape: Sequence[int | None], expected: Sequence[int | None]) -> bool:
    """Say whether two shapes have equal sizes where both are known, as far as the shorter goes.

    Args:
        shape: Sizes of axes; None is unknown.
        expected: The same.
    """
    pairs = zip(shape, expected, strict=False)
    return all(None in sizes or sizes[0] == sizes[1] for sizes in pairs)
