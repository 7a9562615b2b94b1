"""A dataset whose pictures are replaced for a moment by others that show what is done to them.

Arrays that a PyDataset, a generator's function or the objects in them hold are overwritten in
place, and put back. A tf.data pipeline is built again behind its source.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed, feed
from helpers.auditing.kept import attributes_kept
from helpers.auditing.pictures import held_by, layers_in
from helpers.auditing.rule import Undecided
from helpers.masking.recording import state_kept
from helpers.raised import first_line

_BATCHES = 4  # that are drawn
_ROWS = 16  # that a pipeline is built again with
_MOST_BYTES = 1 << 26
_PASSED_ON = ("Prefetch", "Shuffle", "Repeat", "Cache", "Options", "Cardinality", "Model")


@dataclass(frozen=True)
class Marked:
    """What takes the place of pictures.

    Attributes:
        change: Takes the arrays with at least 2 axes ``(rows, ...)`` that a source holds; returns
            as many of the same shapes, or None if it cannot use them.
    """

    change: Callable[[list[np.ndarray]], list[np.ndarray] | None]


def drawn_from(fed: Feed, marks: Marked) -> list[tuple[Any, Any]]:
    """Draw a few batches of a dataset with other pictures.

    Args:
        fed: A dataset that was looked at, no plain arrays.
        marks: The pictures.

    Returns:
        Inputs and targets of each batch.

    Raises:
        Undecided: The pictures cannot be replaced, or the dataset takes no others.
    """
    with contextlib.ExitStack() as stack:
        for layer in layers_in(fed.source):
            stack.enter_context(state_kept(layer))
        try:
            if fed.kind == "tf.data":
                return _rebuilt(fed, marks)
            if fed.kind in ("PyDataset", "factory"):
                stack.enter_context(_overwritten(fed, marks))
                return _drawn(fed)
        except Undecided:
            raise
        except Exception as error:
            raise Undecided(f"{fed.name} takes no other pictures: {first_line(error)}") from error
    raise Undecided(f"{fed.name}: the pictures of a {fed.kind} cannot be replaced")


def _drawn(fed: Feed) -> list[tuple[Any, Any]]:
    if fed.kind == "PyDataset":
        with attributes_kept(fed.source):
            batches = [fed.source[batch.index] for batch in fed.looked[:_BATCHES]]
        parts = [keras.utils.unpack_x_y_sample_weight(batch)[:2] for batch in batches]
        return keras.tree.map_structure(_array, parts)
    looked = feed(fed.name, fed.source, {}, _BATCHES).looked
    return [(batch.x, batch.y) for batch in looked]


def _array(leaf: Any) -> Any:
    return leaf if leaf is None else np.asarray(keras.ops.convert_to_numpy(leaf))


@contextlib.contextmanager
def _overwritten(fed: Feed, marks: Marked) -> Iterator[None]:
    arrays = _arrays_in(fed.source)
    new = marks.change(arrays) if arrays else None
    if new is None:
        raise Undecided(f"{fed.name} holds no arrays of pictures that could be replaced")
    pairs = [(old, one) for old, one in zip(arrays, new, strict=True) if old is not one]
    if any(not old.flags.writeable or old.nbytes > _MOST_BYTES for old, _ in pairs):
        raise Undecided(f"{fed.name}: its arrays are too large, or cannot be written to")
    before = [old.copy() for old, _ in pairs]
    try:
        for old, one in pairs:
            old[...] = one
        yield
    finally:
        for (old, _), values in zip(pairs, before, strict=True):
            old[...] = values


def _arrays_in(source: Any) -> list[np.ndarray]:
    """Return the arrays with at least 2 axes that a source holds, each once."""
    found: dict[int, np.ndarray] = {}
    seen: set[int] = set()

    def walk(value: Any, depth: int) -> None:
        if depth < 0 or id(value) in seen or isinstance(value, ModuleType | keras.Layer | type):
            return
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            if value.ndim >= 2 and value.dtype.kind in "buif":
                found[id(value)] = value
        elif isinstance(value, list | tuple):
            for each in value[:64]:
                walk(each, depth - 1)
        elif isinstance(value, dict):
            for each in list(value.values())[:64]:
                walk(each, depth - 1)
        elif hasattr(value, "__code__"):
            for each in held_by(value):
                walk(each, depth - 1)
        elif hasattr(value, "__dict__"):
            walk(vars(value), depth - 1)
            walk(getattr(type(value), "__getitem__", None), depth - 1)

    walk(source, 6)
    return list(found.values())


def _rebuilt(fed: Feed, marks: Marked) -> list[tuple[Any, Any]]:
    roots: dict[int, tuple[Any, bool]] = {}
    _find_roots(fed.source, False, roots)
    elements = {key: _elements(node, fed) for key, (node, _) in roots.items()}
    flat = [(key, leaf) for key, each in elements.items() for leaf in keras.tree.flatten(each)]
    rows = [_as_rows(leaf, roots[key][1]) for key, leaf in flat]
    wide = [i for i, leaf in enumerate(rows) if leaf.ndim >= 2 and leaf.dtype.kind in "buif"]
    new = marks.change([rows[i] for i in wide])
    if new is None:
        raise Undecided(f"{fed.name} shows no pictures before its last functions")
    for i, leaf in zip(wide, new, strict=True):
        rows[i] = leaf
    filled = iter(
        leaf.reshape(old.shape).astype(old.dtype) for leaf, (_, old) in zip(rows, flat, strict=True)
    )
    built = {
        key: _slices(keras.tree.map_structure(lambda _: next(filled), each))
        for key, each in elements.items()
    }
    dataset = _built(fed.source, built)
    parts = [keras.utils.unpack_x_y_sample_weight(b)[:2] for b in dataset.take(_BATCHES)]
    return keras.tree.map_structure(_array, parts)


def _slices(element: Any) -> Any:
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(element)


def _kind(node: Any) -> str:
    """Name what a node of a pipeline does: map, batch, zip, pass or ``""``."""
    name = type(node).__name__
    if hasattr(node, "_datasets") and "Zip" in name:
        return "zip"
    if not hasattr(node, "_input_dataset"):
        return ""
    if getattr(node, "_map_func", None) is not None and "Map" in name and "Flat" not in name:
        return "map"
    if "Batch" in name and hasattr(node, "_batch_size") and "Padded" not in name:
        return "batch"
    return "pass" if any(word in name for word in _PASSED_ON) else ""


def _find_roots(node: Any, batched: bool, roots: dict) -> None:
    kind = _kind(node)
    if kind == "zip":
        for each in keras.tree.flatten(node._datasets):
            _find_roots(each, batched, roots)
    elif kind and _shows_pictures(node._input_dataset):
        _find_roots(node._input_dataset, batched or kind == "batch", roots)
    else:
        roots[id(node)] = node, batched


def _shows_pictures(node: Any) -> bool:
    specs = keras.tree.flatten(node.element_spec)
    ranks = [getattr(spec.shape, "rank", None) for spec in specs if hasattr(spec, "dtype")]
    return any((rank or 0) >= 2 for rank in ranks)


def _built(node: Any, built: dict) -> Any:
    import tensorflow as tf

    if id(node) in built:
        return built[id(node)]
    kind = _kind(node)
    if kind == "zip":
        parts = keras.tree.map_structure(lambda each: _built(each, built), node._datasets)
        return tf.data.Dataset.zip(parts)
    before = _built(node._input_dataset, built)
    if kind == "map":
        return before.map(node._map_func._func)
    return before.batch(node._batch_size) if kind == "batch" else before


def _elements(node: Any, fed: Feed) -> Any:
    """Return elements of a node as arrays ``(elements, ...)`` in their structure."""
    taken = list(node.take(_ROWS if _kind(node) != "batch" else 2).as_numpy_iterator())
    try:
        return keras.tree.map_structure(lambda *each: np.stack(each), *taken)
    except (ValueError, TypeError) as error:
        raise Undecided(f"{fed.name} holds pictures of several sizes") from error


def _as_rows(leaf: np.ndarray, batched_later: bool) -> np.ndarray:
    """Return elements as rows: batches that come from a source are laid end to end."""
    if batched_later or leaf.ndim < 2:
        return leaf
    return leaf.reshape(-1, *leaf.shape[2:])
