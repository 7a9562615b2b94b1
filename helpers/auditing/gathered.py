"""Statistics that a layer gathers in training, and whether padded steps are counted in them."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.calls import array, real_steps, recorded, recorded_with_other_contents
from helpers.auditing.subject import Subject
from helpers.keras_private import set_mask
from helpers.masking.recording import Call, state_kept

_MORE = 7  # padded steps that are added
_SHARE = 1e-3  # of what a batch does to the statistics


def counted_padding(subject: Subject) -> Iterator[tuple[Call, float, float]]:
    """Yield each call whose statistics take padding in, how far they move, and what a batch does.

    The statistics are the variables that a call in training mode changes. The layer runs twice on
    what it gets: as it is, and with more steps of padding, which hold what the others hold.
    """
    calls = recorded(subject)
    seen: set[int] = set()
    for i, call in enumerate(calls):
        if id(call.layer) in seen or not _gathers(call, calls):
            continue
        x = array(call.inputs[0])
        mask = None if call.mask_in[0] is None else array(call.mask_in[0]).astype(bool)
        real = _real_by_length(x, mask, subject)
        if real is None:
            others = recorded_with_other_contents(subject) or []
            real = _real_by_contents(x, others[i] if i < len(others) else None)
        if real is None or real.all() or not real.any():
            continue
        moved, update = _moved(call, x, mask, real)
        if moved > _SHARE * update:
            seen.add(id(call.layer))
            yield call, moved, update


def gathering(subject: Subject) -> bool:
    """Whether any layer has statistics that a batch may change, over something with steps."""
    calls = recorded(subject)
    return any(_gathers(call, calls) for call in calls)


def _gathers(call: Call, calls: list[Call]) -> bool:
    if call.operation or not call.outputs or len(call.inputs) != 1 or call.inside == "graph":
        return False
    if any(other.parent is call for other in calls if not other.operation):
        return False  # the layer within it is asked by itself
    return len(call.inputs[0].shape) > 2 and bool(_statistics(call.layer))


def _statistics(layer: keras.Layer) -> list:
    return [v for v in layer.non_trainable_variables if "float" in str(v.dtype)]


def _real_by_length(x: np.ndarray, mask: Any, subject: Subject) -> np.ndarray | None:
    """Return bool ``(batch, time)`` from the mask, or from lengths where the axis is theirs."""
    if mask is not None and mask.shape == x.shape[:2] and not mask.all():
        return mask
    for one in subject.padding:
        steps = subject.leaves[one.place].shape[1]
        if one.axis == 1 and x.shape[:2] == (len(one.lengths), steps):
            return real_steps(one, steps)
    return None


def _real_by_contents(x: np.ndarray, other: Call | None) -> np.ndarray | None:
    """Return which steps change with the real contents of the model's inputs."""
    if other is None or not other.inputs or tuple(other.inputs[0].shape) != x.shape:
        return None
    changed = ~np.isclose(x, array(other.inputs[0]), rtol=1e-5, atol=1e-7, equal_nan=True)
    return changed.reshape(*x.shape[:2], -1).any(axis=2)


def _moved(call: Call, x: np.ndarray, mask: Any, real: np.ndarray) -> tuple[float, float]:
    """Return how far more padding moves the statistics, and how far the batch itself does."""
    row, step = np.argwhere(~real)[-1]
    held = np.broadcast_to(x[row, step], (len(x), _MORE, *x.shape[2:]))
    longer = np.concatenate([x, held], axis=1).astype(x.dtype)
    wider = (
        None if mask is None else np.pad(mask, [(0, 0), (0, _MORE), *[(0, 0)] * (mask.ndim - 2)])
    )
    before = [array(v) for v in _statistics(call.layer)]
    base, more = _after(call, x, mask), _after(call, longer, wider)
    if base is not None and more is None:  # one number of steps: then the padding holds others
        spread = real.reshape(*real.shape, *[1] * (x.ndim - 2))
        more = _after(call, np.where(spread, x, 1.5 - 2 * x).astype(x.dtype), mask)
    if base is None or more is None:
        return 0.0, 0.0
    return _apart(base, more), _apart(base, before)


def _after(call: Call, x: np.ndarray, mask: Any) -> list[np.ndarray] | None:
    """Return the statistics after one call in training mode, and put them back."""
    tensor = keras.ops.convert_to_tensor(x)
    set_mask(tensor, None if mask is None else keras.ops.convert_to_tensor(mask))
    with state_kept(call.layer):
        try:
            call.layer(tensor, training=True)
        except Exception:  # it takes no other number of steps, or needs more than its input
            return None
        return [array(v) for v in _statistics(call.layer)]


def _apart(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return max(float(np.abs(a - b).max(initial=0)) for a, b in zip(one, other, strict=True))
