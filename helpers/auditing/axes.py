"""What the model takes axis 1 of a two-dimensional input for: features, or the steps of ids."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from helpers.masking import recording
from helpers.masking.recording import Call

_ROWS = 2  # that go through the model


@dataclass
class Axes:
    """What was seen of the inputs, by their number in flat order.

    Attributes:
        features: Axis 1 is read by a layer whose weights fix its size.
        ids: An Embedding looks the numbers up.
    """

    features: set[int] = field(default_factory=set)
    ids: set[int] = field(default_factory=set)


def axes_of(model: keras.Layer, x: Any) -> Axes:
    """Follow the inputs that are tables of numbers to the layers that read them.

    Args:
        model: A model, which is called in inference mode.
        x: Inputs of one batch.

    Returns:
        What is sure; nothing about inputs that are not followed, or of a model that refuses them.
    """
    found = Axes()
    leaves = keras.tree.flatten(x)
    places = [i for i, leaf in enumerate(leaves) if _is_table(leaf)]
    if not places:
        return found
    for some in (keras.tree.map_structure(lambda leaf: leaf[:_ROWS], x), x):
        calls = _calls(model, some)
        if calls:
            break
    parts = keras.tree.flatten(some)
    for place in places:
        readers = _readers(parts[place], calls)
        if readers and all(_fixes_axis_1(layer) for layer in readers):
            found.features.add(place)
        if any(isinstance(layer, keras.layers.Embedding) for layer in readers):
            found.ids.add(place)
    return found


def _is_table(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.ndim == 2 and leaf.dtype.kind in "biuf"


def _calls(model: keras.Layer, x: Any) -> list[Call]:
    try:
        recording.build(model, x)
        with recording.state_kept(model), recording.record_calls() as calls:
            model(x, training=False)
    except Exception:  # rules that need an answer of the model say so
        return []
    return [call for call in calls if not call.inside]


def _readers(leaf: np.ndarray, calls: Sequence[Call]) -> list:
    """Return the layers that read a table, behind those that return a table of it."""
    same: set[int] = set()  # tensors that are made of the table and are tables themselves
    readers = []
    for call in calls:
        given = [one for one in call.inputs if id(one) in same or _equal(one, leaf)]
        if not given:
            continue
        tables = [len(getattr(one, "shape", ())) == 2 for one in call.outputs]
        if all(tables) and not _fixes_axis_1(call.layer):
            same |= {id(one) for one in call.outputs}
            if any("bool" in str(one.dtype) for one in call.outputs) or _weights(call.layer):
                readers.append(call.layer)
        else:
            readers.append(call.layer)
    return readers


def _equal(tensor: Any, leaf: np.ndarray) -> bool:
    if tuple(getattr(tensor, "shape", ())) != leaf.shape:
        return False
    held = np.asarray(keras.ops.convert_to_numpy(tensor))
    return bool(np.array_equal(held.astype("float32"), leaf.astype("float32"), equal_nan=True))


def _fixes_axis_1(layer: Any) -> bool:
    """Whether weights of the layer belong to the places along axis 1 of a table."""
    specs = getattr(layer, "input_spec", None)
    specs = specs if isinstance(specs, list | tuple) else [specs]
    pinned = [getattr(spec, "axes", None) or {} for spec in specs]
    return _weights(layer) and all(axes.get(-1) or axes.get(1) for axes in pinned)


def _weights(layer: Any) -> bool:
    return bool(getattr(layer, "weights", ()))  # an operation has none
