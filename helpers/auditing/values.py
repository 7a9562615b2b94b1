"""What single layers of the model are given: their calls, watched while the model runs on a batch.

Used by the rules about values. A call can also be answered otherwise than the layer would, to
measure what that changes.
"""

import contextlib
import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Looked
from helpers.auditing.padded import has_time
from helpers.auditing.rule import Undecided
from helpers.auditing.subject import Subject
from helpers.keras_private import layers_of, mask_of
from helpers.masking.recording import state_kept
from helpers.raised import first_line


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a layer that was watched.

    Attributes:
        layer: The layer.
        given: Its first argument as an array, after Keras has cast it.
        place: Number of the model's input that it is, in flat order; None if it was computed.
        alone: Whether no further argument was given, or only False and None.
    """

    layer: keras.Layer
    given: np.ndarray
    place: int | None
    alone: bool = True


@contextlib.contextmanager
def answering(layers: Iterable[keras.Layer], answer: Callable) -> Iterator[None]:
    """Let ``answer(layer, call, *args, **kwargs)`` answer for the ``call`` of some layers."""
    held = []
    try:
        for layer in layers:
            held.append((layer, "call" in vars(layer), layer.call))
            function = functools.wraps(layer.call)(functools.partial(answer, layer, layer.call))
            object.__setattr__(layer, "call", function)
        yield
    finally:
        for layer, own, call in reversed(held):
            object.__delattr__(layer, "call")
            if own:
                object.__setattr__(layer, "call", call)


def watched(
    subject: Subject,
    layers: Iterable[keras.Layer],
    batch: Looked,
    *,
    training: bool = False,
    answer: Callable | None = None,
) -> list[Call]:
    """Run the model on a batch and return the calls of some of its layers, in their order.

    Args:
        subject: Of the audit.
        layers: Layers of the model.
        batch: One of its batches.
        training: Whether to run in training mode.
        answer: Answers for the layers, as `answering` takes it; None: they answer themselves.

    Raises:
        Undecided: The model cannot be called.
    """
    leaves = keras.tree.flatten(batch.x)
    calls: list[Call] = []

    def note(layer: keras.Layer, call: Callable, *args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else next(iter(kwargs.values()), None)
        given = array_of(first.get("images") if isinstance(first, dict) else first)
        if given is not None:
            more = [*args[1:], *list(kwargs.values())[not args :]]
            alone = not any(one is not None and one is not False for one in more)
            calls.append(Call(layer, given, _place(leaves, given), alone))
        return answer(layer, call, *args, **kwargs) if answer else call(*args, **kwargs)

    with answering(layers, note):
        run(subject, batch, training=training)
    return calls


def replaced(batch: Looked, place: int, leaf: np.ndarray) -> Looked:
    """Return a batch with another array for one of its inputs."""
    leaves = keras.tree.flatten(batch.x)
    leaves[place] = leaf
    return dataclasses.replace(batch, x=keras.tree.pack_sequence_as(batch.x, leaves))


def run(subject: Subject, batch: Looked, *, training: bool = False) -> list[tuple[Any, Any]]:
    """Return each output of the model for a batch, as an array, with its mask or None."""
    try:
        outputs = subject.model(batch.x, training=training)
    except Exception as error:
        raise Undecided(
            f"the model cannot be called with batch {batch.index}: {first_line(error)}"
        ) from error
    return [(array_of(one), array_of(mask_of(one))) for one in keras.tree.flatten(outputs)]


def maskers(subject: Subject) -> list[tuple[keras.Layer, Any]]:
    """Return the layers that mask a value, each with the value."""
    found: list[tuple[keras.Layer, Any]] = []
    for layer in layers_of(subject.model):
        if isinstance(layer, keras.layers.Embedding) and layer.mask_zero:
            found.append((layer, 0))
        elif isinstance(layer, keras.layers.Masking):
            value = array_of(layer.mask_value)
            if value is not None and value.size == 1:
                found.append((layer, value.item()))
    return found


def masks_seen(subject: Subject) -> list[Call]:
    """Return what the layers that mask a value are given with `Subject.batch`."""
    if "masks_seen" not in subject.__dict__:
        layers = [layer for layer, _ in maskers(subject)]
        subject.__dict__["masks_seen"] = watched(subject, layers, subject.batch)
    return subject.__dict__["masks_seen"]


def masks_taken(subject: Subject) -> list[tuple[keras.Layer, np.ndarray]]:
    """Return the masks ``(batch, time)`` that layers are given with `Subject.batch`, as bool."""
    if "masks_taken" not in subject.__dict__:
        takers = [layer for layer in layers_of(subject.model) if _takes_mask(layer)]
        found: list[tuple[keras.Layer, np.ndarray]] = []

        def note(layer: keras.Layer, call: Callable, *args: Any, **kwargs: Any) -> Any:
            named = [one for name, one in kwargs.items() if name.endswith("mask")]
            for one in named:
                mask = None if keras.tree.is_nested(one) else array_of(one)
                if mask is not None and mask.ndim == 2 and mask.dtype.kind in "bi":
                    found.append((layer, mask.astype(bool)))
            return call(*args, **kwargs)

        with answering(takers, note):
            run(subject, subject.batch)
        subject.__dict__["masks_taken"] = found
    return subject.__dict__["masks_taken"]


def _takes_mask(layer: keras.Layer) -> bool:
    if isinstance(layer, keras.Model):
        return False
    return any(name.endswith("mask") for name in inspect.signature(layer.call).parameters)


def by_hand(subject: Subject) -> list[tuple[Call, np.ndarray]]:
    """Return masks that are made of an input by hand: the input, as a call, and the mask."""
    found: dict[int, tuple[Call, np.ndarray]] = {}
    for layer, mask in masks_taken(subject):
        if any(isinstance(one, np.ndarray) and np.array_equal(one, mask) for one in subject.leaves):
            continue  # it was given
        for place, leaf in enumerate(subject.leaves):
            if has_time(leaf) and leaf.shape[:2] == mask.shape and place not in found:
                found[place] = Call(layer, leaf, place), mask
    return list(found.values())


def given_in(subject: Subject, call: Call) -> Iterator[tuple[Looked, np.ndarray]]:
    """Return what a layer is given in each batch, if it is an input; else in the one batch."""
    if call.place is None:
        yield subject.batch, call.given
        return
    for batch in subject.read(subject.data):
        leaves = keras.tree.flatten(batch.x)
        leaf = leaves[call.place] if call.place < len(leaves) else None
        if isinstance(leaf, np.ndarray) and leaf.ndim == call.given.ndim:
            yield batch, leaf


def blank_steps(given: np.ndarray, value: Any) -> np.ndarray:
    """Return which steps hold nothing but a value, bool ``(batch, time)``; ids are steps."""
    equal = given == np.asarray(value, given.dtype if given.dtype.kind == "f" else None)
    return equal if given.ndim == 2 else equal.all(axis=tuple(range(2, given.ndim)))


@contextlib.contextmanager
def shaken(model: keras.Layer) -> Iterator[None]:
    """Move all weights of a model a little while the block runs, as training does."""
    rng = np.random.default_rng(0)
    with state_kept(model):
        for variable in model.trainable_variables:
            if keras.backend.is_float_dtype(variable.dtype):
                value = keras.ops.convert_to_numpy(variable).astype("float32")
                variable.assign(value + rng.normal(0, 0.1, value.shape).astype("float32"))
        yield


def moved(one: list[tuple[Any, Any]], other: list[tuple[Any, Any]]) -> float:
    """Return how far the outputs of two runs are apart; infinite if only their masks differ."""
    most = 0.0
    for (a, mask), (b, other_mask) in zip(one, other, strict=True):
        if a is None or b is None or a.shape != b.shape or a.dtype.kind not in "fiu":
            continue
        apart = np.abs(a.astype("float64") - b.astype("float64"))
        nan = np.isnan(a) != np.isnan(b) if a.dtype.kind == "f" else np.zeros(a.shape, bool)
        far = np.where(nan, np.inf, np.nan_to_num(apart))
        most = max(most, float(far.max(initial=0)))
        if mask is not None and other_mask is not None and (mask != other_mask).any():
            most = most or np.inf
    return most


def array_of(value: Any) -> np.ndarray | None:
    """Return a tensor as an array, or None if it has no values now."""
    if value is None:
        return None
    try:
        return np.array(keras.ops.convert_to_numpy(value))
    except Exception:  # a tensor of a graph, a ragged one, a dict
        return None


def _place(leaves: list, given: np.ndarray) -> int | None:
    for place, leaf in enumerate(leaves):
        if isinstance(leaf, np.ndarray) and leaf.shape == given.shape and leaf.dtype.kind in "biuf":
            with np.errstate(invalid="ignore"), contextlib.suppress(TypeError, ValueError):
                if np.array_equal(
                    leaf.astype(given.dtype), given, equal_nan=leaf.dtype.kind == "f"
                ):
                    return place
    return None
