"""RE504: batch normalisation trains on a batch of one row."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.batching import Plan
from helpers.keras_private import layers_of
from helpers.masking.recording import Call, record_calls, state_kept
from helpers.raised import first_line

RULE = Rule(
    code="RE504",
    name="batch-norm-of-one",
    severity="warning",
    title="Batch normalisation trains on a batch of one row",
    does=(
        "Looks for batches of one row in the training data. Calls the model in training mode with "
        "one random row, then with another, and looks for layers that answer both alike."
    ),
    why=(
        "One row has no spread: its variance is 0. `BatchNormalization` then answers the same for "
        "every row, which teaches nothing, and shrinks its moving variance, so that answers in "
        "inference grow."
    ),
    fix="Drop or pad the tail in training, choose another batch size, or use LayerNormalization.",
    chapter="tail-batches-deeper#a-batch-of-one-row-halves-the-variance",
)


def check(subject: Subject) -> Iterator[Found]:
    """Find a batch of one row, and layers that tell no rows apart in it."""
    if not any(map(_may, layers_of(subject.model))):
        raise NothingToCheck("no layer takes statistics of a batch")
    where = _batch_of_one(subject)
    if where is None:
        return
    try:
        with state_kept(subject.model):
            blind = _blind(subject, where)
    except Exception as error:
        why = f"{type(error).__name__}: {first_line(error)}"
        raise Undecided(f"the model cannot be called in training mode: {why}") from error
    for call in blind[:1]:
        yield Found(
            f"{call.name} ({call.kind}) takes its statistics from one row, and answers the same "
            "whatever the row holds",
            f"layer {call.name}, data, {where[1]}",
            f"the input of {call.name} has the shape {tuple(call.inputs[0].shape)}: variance 0; "
            "two rows that differ get the same answer in training mode",
        )


def _may(layer: keras.Layer) -> bool:
    """Whether a layer may take statistics of a batch: Keras's layer, or one of the user's."""
    if isinstance(layer, keras.layers.BatchNormalization):
        return bool(layer.trainable)
    own = not type(layer).__module__.startswith("keras.")
    return own and not isinstance(layer, keras.Model) and len(layers_of(layer)) == 1


def _batch_of_one(subject: Subject) -> tuple[Any, str] | None:
    """Return inputs of the length of the batch of one row, and where it is."""
    feed = subject.data
    looked = subject.read(feed)
    steps = subject.fit.get("steps_per_epoch")
    for batch in looked:
        if batch.rows == 1 and (steps is None or batch.index < steps):
            return batch.x, f"batch {batch.index}"
    plan = getattr(feed.source, "plan", None)
    if isinstance(plan, Plan):
        alone = np.flatnonzero(plan.sizes == 1)
        return (looked[0].x, f"batch {alone[0]}") if len(alone) else None
    size = looked[0].rows or 0
    if _last_is_known(feed) or steps is not None or size < 2:
        return None
    if subject.rows is None or {batch.rows for batch in looked} != {size}:
        if any(isinstance(each, keras.layers.BatchNormalization) for each in _layers(subject)):
            raise Undecided("the last batch was not looked at; give batches= a larger number")
        return None
    return (looked[0].x, "the last batch") if subject.rows % size == 1 else None


def _layers(subject: Subject) -> list[keras.Layer]:
    return [layer for layer in layers_of(subject.model) if _may(layer)]


def _last_is_known(feed: Feed) -> bool:
    if feed.complete or (feed.count is not None and feed.looked[-1].index == feed.count - 1):
        return True
    spec = getattr(feed.source, "element_spec", None)  # a batch axis that is fixed has no tail
    shapes = [getattr(leaf, "shape", None) for leaf in keras.tree.flatten(spec)] if spec else []
    return (
        bool(shapes)
        and all(shape is not None and shape.rank for shape in shapes)
        and all(shape[0] is not None for shape in shapes if shape is not None)
    )


def _blind(subject: Subject, where: tuple[Any, str]) -> list[Call]:
    """Return the calls in which two rows that differ, each alone, get one answer."""
    x, _ = where
    one, two = _noise(x, 0), _noise(x, 1)
    both = keras.tree.map_structure(lambda a, b: np.concatenate([a, b]), one, two)
    runs = []
    for rows in (one, two, both):
        with record_calls() as calls:
            subject.model(rows, training=True)
        runs.append([call for call in calls if not call.operation and _may(call.layer)])
    found = []
    for first, second, pair in zip(*runs, strict=True):
        if len(first.inputs) != 1 or len(first.outputs) != 1:
            continue
        same_input = _alike(first.inputs[0], second.inputs[0])
        answers = keras.ops.convert_to_numpy(pair.outputs[0])
        told_apart = len(answers) == 2 and not _alike(answers[:1], answers[1:])
        if not same_input and _alike(first.outputs[0], second.outputs[0]) and told_apart:
            found.append(first)
    return found


def _alike(one: Any, two: Any) -> bool:
    one, two = (np.asarray(keras.ops.convert_to_numpy(each)) for each in (one, two))
    return one.shape == two.shape and bool(np.allclose(one, two, atol=1e-6, equal_nan=True))


def _noise(x: Any, seed: int) -> Any:
    """Return one random row of the shape, type and range of the inputs."""
    rng = np.random.default_rng(seed)

    def like(leaf: np.ndarray) -> np.ndarray:
        shape = (1, *leaf.shape[1:])
        if leaf.dtype.kind == "f" and (leaf != np.round(leaf)).any():
            return rng.normal(np.nanmean(leaf), np.nanstd(leaf) + 1e-3, shape).astype(leaf.dtype)
        if leaf.dtype.kind == "f" and leaf.min() == leaf.max():
            return rng.normal(size=shape).astype(leaf.dtype)
        if leaf.dtype.kind not in "biuf":
            return leaf[:1]
        low, high = min(0, int(leaf.min())), max(1, int(leaf.max()))
        return rng.integers(low, high + 1, shape).astype(leaf.dtype)

    return keras.tree.map_structure(like, x)


def _model(norm: type) -> keras.Model:
    layers = [keras.layers.Dense(4), norm(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("sgd", "mse")
    return model


def _rows() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(33, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


def broken() -> dict:
    """Train on 33 rows in batches of 32: the last batch has one row."""
    model = _model(keras.layers.BatchNormalization)
    return {"model": model, "data": _rows(), "fit": {"batch_size": 32}}


def mended() -> dict:
    """Choose a batch size that leaves no single row."""
    model = _model(keras.layers.BatchNormalization)
    return {"model": model, "data": _rows(), "fit": {"batch_size": 11}}
