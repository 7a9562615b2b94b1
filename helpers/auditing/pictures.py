"""What pictures are when the first layer with weights reads them, in training and in inference."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import layers_of
from helpers.masking.recording import Call, build, record_calls, state_kept
from helpers.raised import first_line

ROWS = 6  # that are sent through the model
_DROPS = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.AlphaDropout,
)


@dataclass(frozen=True)
class Draw:
    """One call of the model, up to the first layer with weights.

    Attributes:
        read: What that layer reads, or the answer where no layer has weights.
        reader: Name of that layer, or ``"the output"``.
        before: The calls of single layers in front of that layer, in order.
    """

    read: np.ndarray
    reader: str
    before: tuple[Call, ...]


def pictures(subject: Subject) -> list[int]:
    """Return the places of inputs that are pictures or clips, or say that there are none."""
    found = [i for i, leaf in enumerate(subject.leaves) if is_picture(leaf)]
    if not found:
        raise NothingToCheck("no input is a picture or a clip, with 4 or 5 axes")
    return found


def is_picture(leaf: Any) -> bool:
    """Whether an input holds pictures ``(batch, height, width, channels)`` or clips of them."""
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "uif":
        return False
    return leaf.ndim in (4, 5) and min(leaf.shape) > 0 and min(leaf.shape[-3:-1]) > 1


def few_rows(subject: Subject) -> list:
    """Return the inputs of a few rows, flat; all rows where the model fixes their number."""
    inputs = getattr(subject.model, "inputs", None) or []
    fixed = any(tensor.shape and tensor.shape[0] for tensor in inputs)
    return [leaf if fixed or not np.ndim(leaf) else leaf[:ROWS] for leaf in subject.leaves]


def packed_as_x(subject: Subject, leaves: list) -> Any:
    """Put flat inputs into the structure of the batch."""
    return keras.tree.pack_sequence_as(subject.batch.x, leaves)


def draws(model: keras.Layer, x: Any, *modes: bool) -> list[Draw]:
    """Call a model once for each mode, ``training``; each call draws anew.

    Args:
        model: The model.
        x: Its inputs.
        *modes: True for training.

    Returns:
        What each call was.

    Raises:
        Undecided: The model cannot be called with ``x``.
    """
    build(model, x)
    found = []
    with state_kept(model):
        for training in modes:
            try:
                with record_calls() as calls:
                    answers = model(x, training=training)
            except Exception as error:
                mode = "training" if training else "inference"
                raise Undecided(f"the model cannot be called in {mode}: {first_line(error)}") from (
                    error
                )
            found.append(_draw(calls, answers))
    return found


def _draw(calls: list[Call], answers: Any) -> Draw:
    parents = {id(call.parent) for call in calls}
    singles = [call for call in calls if not call.operation and id(call) not in parents]
    ends = [call for call in singles if call.inputs and _ends(call.layer)]
    wide = [call for call in ends if len(call.inputs[0].shape) >= 4]
    if not ends:
        answer = as_array(keras.tree.flatten(answers)[0])
        return Draw(answer, "the output", tuple(singles))
    end = (wide or ends)[0]
    return Draw(as_array(end.inputs[0]), end.name, tuple(singles[: singles.index(end)]))


def _ends(layer: keras.Layer) -> bool:
    """Whether the part that prepares the pictures ends at a layer."""
    weights = bool(layer.weights) and not isinstance(layer, keras.layers.Normalization)
    return weights or isinstance(layer, _DROPS)


def as_array(tensor: Any) -> np.ndarray:
    """Return a tensor as an array."""
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def differs(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays differ by more than rounding."""
    if one.shape != other.shape:
        return True
    one, other = one.astype("float64"), other.astype("float64")
    scale = max(float(np.abs(one).max(initial=0)), 1e-6)
    return not bool(np.all(np.abs(one - other) <= 1e-4 * scale))


def first_random(one: Draw, other: Draw) -> Call | None:
    """Return the first layer in front of the reader that answers differently in two calls."""
    for first, second in zip(one.before, other.before, strict=False):
        if first.name != second.name:
            continue
        pairs = zip(first.outputs, second.outputs, strict=False)
        if any(differs(as_array(a), as_array(b)) for a, b in pairs):
            return first
    return None


def all_layers(subject: Subject) -> list[keras.Layer]:
    """Return the layers of the model, then those that the data holds, each once."""
    found = {id(layer): layer for layer in layers_of(subject.model)}
    for feed in subject.feeds.values():
        for layer in layers_in(feed.source):
            found.setdefault(id(layer), layer)
    return list(found.values())


def layers_in(source: Any) -> list[keras.Layer]:
    """Return the layers that a dataset, or a function that makes one, holds."""
    found: dict[int, keras.Layer] = {}
    seen: set[int] = set()

    def walk(value: Any, depth: int) -> None:
        if depth < 0 or id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, keras.Layer):
            for layer in layers_of(value):
                found[id(layer)] = layer
        elif isinstance(value, list | tuple):
            for each in value[:64]:
                walk(each, depth - 1)
        elif isinstance(value, dict):
            for each in list(value.values())[:64]:
                walk(each, depth - 1)
        elif hasattr(value, "__closure__"):
            for each in held_by(value):
                walk(each, depth - 1)
        elif hasattr(value, "_input_dataset") or hasattr(value, "_datasets"):
            walk(getattr(value, "_input_dataset", None), depth)
            walk(getattr(value, "_datasets", None), depth)
            walk(getattr(getattr(value, "_map_func", None), "_func", None), depth)
        elif isinstance(value, keras.utils.PyDataset):
            walk(vars(value), depth - 1)
            for name in ("__getitem__",):
                walk(getattr(type(value), name, None), depth - 1)

    walk(source, 6)
    return list(found.values())


def held_by(function: Any) -> list:
    """Return what the body of a function reads from around it."""
    names = getattr(getattr(function, "__code__", None), "co_names", ())
    around = getattr(function, "__globals__", {})
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_full(cell)]
    return cells + [around[name] for name in names if name in around]


def _is_full(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
