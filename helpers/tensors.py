"""What is known of tensors: their values, the sizes of their axes, and their copy in NumPy."""

import inspect
from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from helpers.arguments import plain_array

INT32 = np.iinfo(np.int32)


class NamesNested:
    """A base for layers: says which argument is nested without end, in which Keras loses itself."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the layer; Keras reads its arguments before ``__init__`` can."""
        try:
            return super().__new__(cls, *args, **kwargs)
        except RecursionError:
            names = list(inspect.signature(cls.__init__).parameters)[1:]
            for name, value in (*zip(names, args, strict=False), *kwargs.items()):
                plain_array(name, value, "no lists within lists")
            raise


def as_numpy(x: Any, name: str = "x") -> np.ndarray:
    """Return a tensor of any backend, or what NumPy reads without a loss, as an array.

    Raises:
        TypeError: ``x``, which the error calls ``name``, is what `plain_array` refuses.
        ValueError: The same.
    """
    return ops.convert_to_numpy(x) if ops.is_tensor(x) else plain_array(name, x)


def check_real(name: str, x: Any) -> Any:
    """Return ``x``, lists as an array; refuse what Keras would cast or cannot read.

    Args:
        name: The argument, for the errors.
        x: An array, a list or a tensor of real numbers or bools.

    Raises:
        TypeError: ``x`` holds something else, or is what `plain_array` refuses.
        ValueError: The same.
    """
    if isinstance(x, keras.KerasTensor):
        raise TypeError(f"{name}: expected values, got a symbolic tensor")
    if not (isinstance(x, keras.Variable) or ops.is_tensor(x)):
        x = plain_array(name, x)
        if x.dtype == np.float64 and keras.config.floatx() != "float64":
            with np.errstate(over="ignore"):
                lost = np.isinf(x.astype(np.float32)) & np.isfinite(x)
            if lost.any():
                raise ValueError(f"{name}: expected numbers that float32 holds, got {x[lost][0]}")
    dtype = dtype_name(x.dtype)
    if dtype != "bool" and "int" not in dtype and "float" not in dtype:
        raise TypeError(f"{name}: expected real numbers, got dtype {dtype}")
    return x


def as_int32(name: str, x: Any) -> Any:
    """Return integers as an int32 tensor.

    Args:
        name: The argument, for the errors.
        x: An array, a list, a tensor, or a symbolic tensor.

    Raises:
        TypeError: ``x`` holds no integers, or is what `plain_array` refuses.
        ValueError: int32 does not hold one of them. While a function is compiled tensors have no
            values, and nothing is compared.
    """
    if not (isinstance(x, keras.KerasTensor | keras.Variable) or ops.is_tensor(x)):
        array = plain_array(name, x)
        x = array.astype(np.int32) if isinstance(x, list | tuple) and not array.size else array
    if "int" not in dtype_name(x.dtype):
        raise TypeError(f"{name}: expected integers, got dtype {x.dtype}")
    known = x if isinstance(x, np.ndarray) else values(x)
    if known is not None and known.size:
        wrong = (known < INT32.min) | (known > INT32.max)
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise ValueError(
                f"{name}: expected integers up to {INT32.max}, got {known[place]} at {place}"
            )
    if isinstance(x, np.ndarray):
        return ops.convert_to_tensor(x.astype(np.int32))
    return ops.cast(x, "int32")


def dtype_name(dtype: Any) -> str:
    """Return the name of a dtype of any framework, of one too that Keras does not know."""
    try:
        return keras.backend.standardize_dtype(dtype)
    except (TypeError, ValueError):  # one that Keras does not know, such as strings or objects
        return str(dtype)


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
