"""Faults of Keras itself that a model can meet: a table, and the runs that show each of them.

A run looks for its fault in the installed Keras, with the layers and the data at hand; a version
is named for the reader alone. It returns what it measured, or None.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from helpers.auditing.picture_runs import boxes_off, margins_off, masks_off, rows_alike
from helpers.auditing.pictures import all_layers, few_rows, is_picture, packed_as_x
from helpers.auditing.redrawn import run_once
from helpers.auditing.subject import Subject
from helpers.augmentation.one_draw import MOVING
from helpers.keras_private import layers_of
from helpers.masking.recording import build, record_calls, state_kept
from helpers.raised import first_line

_Run = Callable[[Subject, keras.Layer], str | None]


@dataclass(frozen=True)
class Fault:
    """One fault of Keras.

    Attributes:
        kinds: Names of the layers that have it.
        seen: Versions and backends on which it was seen.
        backends: On which it can be.
        wrong: What goes wrong.
        way: The way out.
        run: Shows it with one layer of the model or of the data.
        inside: Whether only layers of the model count.
    """

    kinds: tuple[str, ...]
    seen: str
    backends: tuple[str, ...]
    wrong: str
    way: str
    run: _Run
    inside: bool = True


def met(subject: Subject) -> Iterator[tuple[Fault, keras.Layer, Callable[[], str | None]]]:
    """Yield each fault that a layer may have, and the run that decides."""
    own = layers_of(subject.model)
    for fault in FAULTS:
        if keras.backend.backend() not in fault.backends:
            continue
        for layer in own if fault.inside else all_layers(subject):
            names = {cls.__name__ for cls in type(layer).__mro__ if _of_keras(cls)}
            if names & set(fault.kinds):
                yield fault, layer, partial(fault.run, subject, layer)


def _of_keras(cls: type) -> bool:
    return cls.__module__.split(".")[0] == "keras"


def loses_steps(subject: Subject, layer: keras.Layer) -> str | None:
    """Compare the steps that a layer gives in compiled code, at the longer size, with a call."""
    import tensorflow as tf

    sizes = _two_sizes(subject)
    if sizes is None:
        return None
    model = subject.model
    high = keras.tree.map_structure(tf.convert_to_tensor, sizes[1])

    def compiled(specs: Any) -> None:
        tf.function(lambda x: model(x, training=False), input_signature=[specs])(high)

    with state_kept(model):
        with record_calls() as called:
            model(sizes[1], training=False)
        with record_calls(graph_shapes=True) as traced:
            try:
                compiled(keras.tree.map_structure(_spec, *sizes))
            except Exception as error:
                compiled(keras.tree.map_structure(_spec, high, high))  # raises: it is not the steps
                return f"in compiled code, with an open length, it raises: {first_line(error)}"
    right = [call.outputs[0].shape for call in called if call.layer is layer]
    wrong = [call.seen[-1][0] for call in traced if call.layer is layer and call.seen]
    for before, after in zip(right, wrong, strict=False):
        if tuple(before) != tuple(after):
            return (
                f"{before[1]} steps in a call, {after[1]} in the graph that predict and fit run, "
                f"for a batch of {before[0]} rows"
            )
    return None


def _spec(one: Any, other: Any) -> Any:
    import tensorflow as tf

    pairs = list(zip(one.shape, other.shape, strict=True))[1:]
    shape = (None, *(a if a == b else None for a, b in pairs))
    return tf.TensorSpec(shape, tf.as_dtype(other.dtype))


def _two_sizes(subject: Subject) -> tuple[Any, Any] | None:
    """Return a few rows at two sizes of the axes that the model leaves open, or None."""
    leaves = [leaf[:3] if np.ndim(leaf) else leaf for leaf in subject.leaves]
    kind = keras.tree.flatten
    for batch in subject.read(subject.data):
        other = [leaf[:3] if np.ndim(leaf) else leaf for leaf in kind(batch.x)]
        same = [a.shape[0] == b.shape[0] for a, b in zip(leaves, other, strict=False)]
        if all(same) and [a.shape for a in leaves] != [b.shape for b in other]:
            low, high = sorted((other, leaves), key=lambda part: sum(np.size(p) for p in part))
            return packed_as_x(subject, low), packed_as_x(subject, high)
    inputs = getattr(subject.model, "inputs", None)
    if not inputs or len(inputs) != len(leaves) or any(t.shape[0] for t in inputs):
        return None
    longer = []
    for leaf, tensor in zip(leaves, inputs, strict=True):
        for axis, size in enumerate(tensor.shape):
            if axis and size is None and axis < np.ndim(leaf):
                leaf = np.concatenate([leaf, leaf], axis=axis)
        longer.append(leaf)
    if [leaf.shape for leaf in longer] == [leaf.shape for leaf in leaves]:
        return None
    return packed_as_x(subject, leaves), packed_as_x(subject, longer)


def breaks_gradients(subject: Subject, layer: keras.Layer) -> str | None:
    """Compute the gradients of two steps of training, as PyTorch would."""
    import torch

    model, x = subject.model, packed_as_x(subject, few_rows(subject))
    build(model, x)
    with state_kept(model):
        try:
            for _ in range(2):
                answers = keras.tree.flatten(model(x, training=True))
                weights = [v.value for v in model.trainable_variables]
                total = sum(answer.float().sum() for answer in answers)
                torch.autograd.grad(total, weights, allow_unused=True)
        except RuntimeError as error:
            if "inplace operation" in str(error):
                return f"the gradients of a batch raise: {first_line(error)}"
    return None


def refuses_open_batch(subject: Subject, layer: keras.Layer) -> str | None:
    """Trace a stateful layer with the open batch axis that a PyDataset gets."""
    import tensorflow as tf

    fed = [feed for feed in subject.feeds.values() if feed.kind == "PyDataset"]
    if not fed or not layer.stateful:
        return None
    specs = keras.tree.map_structure(_spec, subject.batch.x, subject.batch.x)
    model = subject.model
    with state_kept(model):
        try:
            tf.function(lambda x: model(x, training=True)).get_concrete_function(specs)
        except Exception as error:
            if "symbolic" in str(error):
                return f"with {fed[0].name} the model raises: {first_line(error)}"
    return None


def elastic(subject: Subject, layer: keras.Layer) -> str | None:
    """Run the layer as the compiled step of training does."""
    places = [leaf for leaf in subject.leaves if is_picture(leaf) and leaf.ndim == 4]
    if getattr(subject.model, "run_eagerly", False) or not places:
        return None
    if keras.backend.backend() == "jax" and getattr(subject.model, "jit_compile", True) is False:
        return None
    return rows_alike(layer, places[0].shape[1:])


def resizing(subject: Subject, layer: keras.Layer) -> str | None:
    """Fit white pictures of the sizes of the data, or of two, and look at the margins."""
    if not getattr(layer, "pad_to_aspect_ratio", False):
        return None
    inside = any(layer is each for each in layers_of(subject.model))
    sizes = [leaf.shape[-3:-1] for leaf in subject.leaves if is_picture(leaf)] if inside else []
    return margins_off(layer, sizes or [(48, 24), (24, 48)])


def boxes(subject: Subject, layer: keras.Layer) -> str | None:
    """Move a white rectangle with its box, if the layer is given boxes."""
    return boxes_off(layer) if moves(subject, layer, "transform_bounding_boxes") else None


def segmentation(subject: Subject, layer: keras.Layer) -> str | None:
    """Move cards with their masks, if the layer is given masks."""
    return masks_off(layer) if moves(subject, layer, "transform_segmentation_masks") else None


def moves(subject: Subject, layer: keras.Layer, method: str) -> bool:
    """Whether the model or a dataset gives boxes or masks to a layer: run them, and see."""
    if not hasattr(layer, method):
        return False
    original, seen = getattr(layer, method), []

    def noted(*args: Any, **kwargs: Any) -> Any:
        seen.append(method)
        return original(*args, **kwargs)

    vars(layer)[method] = noted
    try:
        with state_kept(layer), contextlib.suppress(Exception):
            if any(layer is each for each in layers_of(subject.model)):
                with state_kept(subject.model):
                    subject.model(packed_as_x(subject, few_rows(subject)), training=True)
            else:
                for fed in subject.feeds.values():
                    run_once(fed)
    finally:
        vars(layer).pop(method, None)
    return bool(seen)


_ALL = ("tensorflow", "jax", "torch")

FAULTS = (
    Fault(
        ("TimeDistributed",),
        "Keras 3.14.0 to 3.15.1 on TensorFlow",
        ("tensorflow",),
        "in compiled code, from the second length on, it gives as many steps as the batch has rows",
        "Fold time into the batch with a reshape, or use images.PerFrame of helpers.",
        loses_steps,
    ),
    Fault(
        ("GlobalAveragePooling1D",),
        "Keras 3.13 on PyTorch",
        ("torch",),
        "with a mask it changes its input in place, and an activation before it cannot be trained",
        "Put a Dense layer without activation before it, or update Keras to 3.14 or later.",
        breaks_gradients,
    ),
    Fault(
        ("LSTM", "GRU", "SimpleRNN", "RNN"),
        "Keras 3.15.1 on PyTorch",
        ("torch",),
        "with stateful=True the second batch cannot be trained: the first has changed the state",
        "Train with stateful=False, or on another backend.",
        lambda subject, layer: breaks_gradients(subject, layer) if layer.stateful else None,
    ),
    Fault(
        ("LSTM", "GRU", "SimpleRNN", "RNN"),
        "Keras 3.13 on TensorFlow",
        ("tensorflow",),
        "with stateful=True it refuses the open batch axis that Keras gives a PyDataset",
        "Pass arrays with batch_size=, or a tf.data.Dataset with a fixed batch axis.",
        refuses_open_batch,
    ),
    Fault(
        ("RandomElasticTransform",),
        "Keras 3.13 to 3.15 on JAX and TensorFlow",
        ("tensorflow", "jax"),
        "it does not work in the compiled step of fit",
        "Apply it in the dataset to single pictures, or compile with run_eagerly=True.",
        elastic,
    ),
    Fault(
        ("Resizing",),
        "Keras 3.13 on PyTorch",
        ("torch",),
        "with pad_to_aspect_ratio=True it distorts pictures that are higher than wide",
        "Use augmentation.letterbox of helpers, or update Keras to 3.14 or later.",
        resizing,
        inside=False,
    ),
    Fault(
        MOVING,
        "Keras 3.13 to 3.15",
        _ALL,
        "it moves bounding boxes otherwise than the picture",
        "Read boxes from the mask of each object, or use augmentation.OneDraw of helpers.",
        boxes,
        inside=False,
    ),
    Fault(
        MOVING,
        "Keras 3.13, and RandomRotation on PyTorch until 3.15",
        _ALL,
        "it moves segmentation masks otherwise than the picture, or blends their classes",
        "Draw once for pictures and masks with augmentation.OneDraw of helpers.",
        segmentation,
        inside=False,
    ),
)
