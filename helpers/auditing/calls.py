"""The calls of layers within one run of the model, and what a layer does with other contents."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import keras
import numpy as np

from helpers.auditing.padded import Padded
from helpers.auditing.subject import Subject
from helpers.keras_private import set_mask
from helpers.masking import recording
from helpers.masking.recording import Call

T = TypeVar("T")


def once(work: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """Keep what a function works out about a subject, for all rules."""

    @functools.wraps(work)
    def asked(subject: Subject) -> T:
        held = vars(subject).setdefault("_once", {})
        if work not in held:
            held[work] = work(subject)
        return held[work]

    return asked


def calls_with(model: keras.Layer, x: Any) -> list[Call]:
    """Return the calls of one eager run in inference mode, up to the one that raises, if any."""
    recording.build(model, x)
    with recording.state_kept(model), recording.record_calls(failed=True) as calls:
        try:
            model(x, training=False)
        except Exception:  # where it ends is seen by the call that has no output
            return calls
    return calls


@once
def recorded(subject: Subject) -> list[Call]:
    """Return the calls with the batch that the rules look at."""
    return calls_with(subject.model, subject.batch.x)


@once
def recorded_with_other_contents(subject: Subject) -> list[Call] | None:
    """Return the calls with other numbers in the real steps; None if none are known as padding."""
    return calls_with(subject.model, _other_contents(subject)) if subject.padding else None


def _other_contents(subject: Subject) -> Any:
    """Return the batch with other numbers in its real steps."""
    leaves = list(subject.leaves)
    for one in subject.padding:
        leaf = leaves[one.place]
        real = real_steps(one, leaf.shape[one.axis])
        real = np.moveaxis(real.reshape(*real.shape, *[1] * (leaf.ndim - 2)), 1, one.axis)
        if leaf.dtype.kind == "f":
            other = 1.5 - 2 * leaf
        elif leaf.dtype.kind in "iu":
            known = np.unique(leaf[np.broadcast_to(real, leaf.shape)])
            if not len(known):
                continue
            other = known[(np.searchsorted(known, leaf) + 1) % len(known)]
        else:
            continue
        leaves[one.place] = np.where(real, other, leaf).astype(leaf.dtype)
    return keras.tree.pack_sequence_as(subject.batch.x, leaves)


def real_steps(one: Padded, steps: int) -> np.ndarray:
    """Return bool ``(batch, steps)``, True where a step of an input is real."""
    place, lengths = np.arange(steps)[None, :], one.lengths[:, None]
    return place < lengths if one.side == "post" else place >= steps - lengths


def array(tensor: Any) -> np.ndarray:
    """Return a tensor as an array of its own."""
    return np.array(keras.ops.convert_to_numpy(tensor))


def again(
    call: Call, inputs: Sequence[np.ndarray], masks: Sequence[Any], **options: Any
) -> list[np.ndarray] | None:
    """Call a layer by itself as it was called, with other contents; None if it refuses.

    Args:
        call: A call of a layer whose inputs are its first argument.
        inputs: Arrays in place of the call's inputs.
        masks: For each of them a mask or None.
        **options: More arguments, such as ``training``.

    Returns:
        Its outputs, flat.
    """
    tensors = [keras.ops.convert_to_tensor(one) for one in inputs]
    for tensor, mask in zip(tensors, masks, strict=True):
        set_mask(tensor, None if mask is None else keras.ops.convert_to_tensor(mask))
    ways: list[tuple] = [(tensors[0],)] if len(tensors) == 1 else [(tensors,), tuple(tensors)]
    for arguments in ways:
        try:
            with recording.state_kept(call.layer):
                return [array(one) for one in keras.tree.flatten(call.layer(*arguments, **options))]
        except Exception:  # it takes its inputs in another form, or not these
            continue
    return None
