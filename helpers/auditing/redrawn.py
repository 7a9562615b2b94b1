"""A dataset, run once more by hand."""

from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed, Looked, feed
from helpers.auditing.kept import attributes_kept
from helpers.feeding import PlannedDataset

_BATCHES = 3  # that are made twice


def run_once(fed: Feed) -> None:
    """Make a first batch again, and run the functions of a tf.data pipeline, for what they call."""
    source = fed.source
    if fed.kind == "PyDataset":
        with attributes_kept(source):
            source[0]
    elif fed.kind == "tf.data":
        for function, spec in maps_of(source):
            _trace(function, spec)
    elif fed.kind == "factory":
        feed(fed.name, source, {}, 2)


def maps_of(dataset: Any) -> list[tuple[Any, Any]]:
    """Return the functions of a tf.data pipeline with the spec of their elements, from the end."""
    found = []
    for each in keras.tree.flatten(getattr(dataset, "_datasets", ())):
        found += maps_of(each)
    before = getattr(dataset, "_input_dataset", None)
    if before is None:
        return found
    function = getattr(getattr(dataset, "_map_func", None), "_func", None)
    if function is not None:
        found.append((function, before.element_spec))
    return found + maps_of(before)


def _trace(function: Any, spec: Any) -> None:
    import tensorflow as tf

    args = spec if isinstance(spec, tuple) else (spec,)
    tf.function(function).get_concrete_function(*args)


def drawn_twice(fed: Feed) -> list[tuple[Looked, Looked]]:
    """Make a few batches of a dataset twice; arrays, which do not change, give none."""
    source = fed.source
    if fed.kind == "PyDataset":
        indices = [batch.index for batch in fed.looked[:_BATCHES]]
        with attributes_kept(source):
            first = [_batch(i, source[i]) for i in indices]
            if isinstance(source, PlannedDataset):
                source.on_epoch_end()  # within an epoch it draws once
            return list(zip(first, [_batch(i, source[i]) for i in indices], strict=True))
    if fed.kind == "arrays" or fed.kind == "generator":
        return []
    if fed.kind == "tf.data":  # a second epoch: with a seed each first one is the same
        both = feed(fed.name, source.take(_BATCHES).repeat(2), {}, 2 * _BATCHES).looked
        return list(zip(both[: len(both) // 2], both[len(both) // 2 :], strict=False))
    again = feed(fed.name, source, {}, _BATCHES).looked
    return list(zip(fed.looked, again, strict=False))


def draws_anew(fed: Feed) -> bool:
    """Whether a dataset gives something else when it is drawn again, as far as can be told."""
    if fed.problem or fed.kind == "generator":
        return True
    for one, other in drawn_twice(fed):
        pairs = zip(*(keras.tree.flatten((each.x, each.y)) for each in (one, other)), strict=False)
        if any(a is not None and not np.array_equal(a, b) for a, b in pairs):
            return True
    return False


def shuffles(fed: Feed) -> bool:
    """Whether the rows of a dataset may come in another order the next time."""
    if fed.kind != "tf.data":
        return fed.kind == "DataLoader" or isinstance(fed.source, PlannedDataset)
    source = fed.source
    while source is not None:
        if "Shuffle" in type(source).__name__:
            return True
        source = getattr(source, "_input_dataset", None)
    return False


def _batch(index: int, batch: Any) -> Looked:
    parts = keras.utils.unpack_x_y_sample_weight(batch)
    return Looked(index, *(keras.tree.map_structure(_array, part) for part in parts))


def _array(leaf: Any) -> Any:
    return leaf if leaf is None else np.asarray(keras.ops.convert_to_numpy(leaf))
