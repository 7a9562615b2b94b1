"""The names of axes, guessed or given, and the checks of what a trace is given."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from helpers.arguments import shown
from helpers.tensors import as_numpy, dtype_name

_AXES = {
    1: ("batch",),
    3: ("batch", "time", "features"),
    4: ("batch", "height", "width", "features"),
    5: ("batch", "time", "height", "width", "features"),
}


def checked_batch(batch: Any) -> Any:
    """Return the batch, which must be arrays ``(batch, ...)``, nested at will."""
    if batch is None:
        raise TypeError("batch: expected what the model is called with, got None")
    try:
        leaves = keras.tree.flatten(batch)
    except RecursionError:
        raise ValueError("batch: expected arrays, got lists nested without end") from None
    if not leaves:
        raise TypeError(f"batch: expected an array or a structure of arrays, got {shown(batch)}")
    for leaf in leaves:
        if isinstance(leaf, keras.KerasTensor):
            raise TypeError("batch: expected arrays with values, got a symbolic tensor")
        if not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")):
            raise TypeError(
                "batch: expected an array (batch, ...) or a list, tuple or dict of arrays, "
                f"got {type(leaf).__name__} in it"
            )
        if not len(leaf.shape):
            raise ValueError("batch: expected arrays (batch, ...), got a scalar")
        if getattr(leaf.dtype, "kind", "x") in "cmMV" or "complex" in dtype_name(leaf.dtype):
            raise TypeError(f"batch: expected numbers or texts, got dtype {leaf.dtype}")
    return batch


def checked_axes(axes: Any, batch: Any, leaves: list) -> list[tuple[str, ...] | None]:
    """Return the names of the axes of each array, or None where they are to be guessed."""
    if axes is None:
        return [None] * len(leaves)
    if all(isinstance(name, str) for name in axes) and not isinstance(axes, dict):
        named = [axes]
    elif isinstance(axes, dict):
        if not isinstance(batch, dict) or set(axes) != set(batch):
            raise ValueError(f"axes: expected the keys of batch, got {list(axes)}")
        named = [axes[key] for key in sorted(axes)]  # the order in which Keras flattens a dict
    else:
        named = list(axes)
    if len(named) != len(leaves):
        raise ValueError(f"axes: expected names for {len(leaves)} arrays, got {len(named)}")
    for one, leaf in zip(named, leaves, strict=True):
        if isinstance(one, str) or len(one) != len(leaf.shape):
            raise ValueError(
                f"axes: expected {len(leaf.shape)} names for the shape {tuple(leaf.shape)}, "
                f"got {one!r}"
            )
    return [tuple(one) for one in named]


def checked_lengths(lengths: Any, leaves: list, names: "Names") -> np.ndarray | None:
    """Return the lengths as an array, which must fit the batch."""
    if lengths is None:
        return None
    array = as_numpy(lengths, "lengths")
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise TypeError(
            f"lengths: expected whole numbers (batch,), got shape {array.shape} of {array.dtype}"
        )
    if len(array) != leaves[0].shape[0]:
        raise ValueError(
            f"lengths: expected one per row of the batch, which has {leaves[0].shape[0]}, "
            f"got {len(array)}"
        )
    longest = max(names.times, default=None)
    if longest is None:
        raise ValueError("lengths: expected a batch with a time axis, got one without; pass axes")
    if len(array) and (array.min() < 0 or array.max() > longest):
        raise ValueError(
            f"lengths: expected 0 to {longest}, the batch's timesteps, "
            f"got {array.min()} to {array.max()}"
        )
    return array


class Names:
    """Guesses the names of axes from those of the batch."""

    def __init__(self, leaves: list, axes: list[tuple[str, ...] | None]):
        self.size = int(leaves[0].shape[0])
        self.given = {len(one): one for one in axes if one}
        whole = [_is_whole(leaf.dtype) for leaf in leaves]
        self.inputs = []
        for leaf, one, is_whole in zip(leaves, axes, whole, strict=True):
            rank = len(leaf.shape)
            second = ("batch", "time" if is_whole else "features")
            default = second if rank == 2 else _AXES.get(rank, ("batch",) + ("?",) * (rank - 1))
            self.inputs.append(one or default)
        self.times = {
            int(size)
            for leaf, one in zip(leaves, self.inputs, strict=True)
            for size, name in zip(leaf.shape, one, strict=True)
            if name == "time"
        }

    def of(self, shape: Sequence[int], dtype: Any = None) -> tuple[str, ...]:
        """One name per axis."""
        rank = len(shape)
        if rank in self.given:
            return self.given[rank]
        first = ("batch" if rank and shape[0] == self.size else "?",)
        timed = [axis for axis in range(1, rank) if shape[axis] in self.times]
        if rank == 2:
            return (*first, "time" if timed or _is_whole(dtype) else "features")
        if rank == 3 and timed == [2]:
            return (*first, "?", "time")
        if rank == 4 and timed:
            rest = ["time" if axis in timed else "?" for axis in range(1, 4)]
            return (*first, *rest[:2], "time" if 3 in timed and 1 not in timed else "features")
        return first[:rank] + _AXES.get(rank, ("?",) * rank)[1:]

    def shape(self, shape: Sequence[int], dtype: Any = None) -> str:
        """The shape with its names, such as ``(batch 4, time 9, features 12)``."""
        shape = tuple(shape)
        parts = (f"{name} {size}" for name, size in zip(self.of(shape, dtype), shape, strict=True))
        return f"({', '.join(parts)})"


def _is_whole(dtype: Any) -> bool:
    """True for the dtypes of token ids and masks."""
    if dtype is None:
        return False
    return dtype_name(dtype).startswith(("int", "uint", "bool"))
