"""A dataset, run once more by hand."""

from typing import Any

import keras

from helpers.auditing.feeds import Feed, feed
from helpers.auditing.kept import attributes_kept


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
