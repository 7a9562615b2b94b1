"""Masks that do not fit the tensor that they stand on: of another size, or on other steps.

Which steps of an output are real is measured: a layer runs again with other contents in the padded
steps of its input, and with other contents in the real ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from helpers.auditing.calls import (
    again,
    array,
    calls_with,
    once,
    recorded,
    recorded_with_other_contents,
)
from helpers.auditing.subject import Subject
from helpers.masking.recording import Call

_ROWS = 4  # of each length that there is, that a layer runs again with
_MORE = 3  # steps of padding that the second run has, so that sizes do not agree by chance


@dataclass(frozen=True)
class WrongMask:
    """A mask that does not fit.

    Attributes:
        call: The call that passes it on.
        message: What is wrong.
        measured: The numbers.
    """

    call: Call
    message: str
    measured: str


@once
def wrong_masks(subject: Subject) -> list[WrongMask]:
    """Return the masks that are wrong where they leave a layer, and are used later."""
    calls = recorded(subject)
    found = _of_other_size(calls)
    if not found and any(map(_has_mask, calls)):
        longer = _longer(subject)
        found = [] if longer is None else _of_other_size(calls_with(subject.model, longer))
    if not found:
        found = list(_on_other_steps(subject, calls))
    return found


def _of_other_size(calls: list[Call]) -> list[WrongMask]:
    """Find masks whose axes are not the first axes of their tensor, innermost calls first."""
    found: list[WrongMask] = []
    for call in reversed(calls):
        if any(_inside(one.call, call) for one in found) or call.operation:
            continue
        for tensor, mask in zip(call.outputs, call.mask_out, strict=False):
            if mask is not None and not _fits(mask, tensor) and _came_right(call):
                if _user(calls, call, mask):
                    shape, size = tuple(mask.shape), tuple(tensor.shape)
                    message = f"{call.name} passes on a mask of another size than its output has"
                    said = f"mask {shape} on an output {size}"
                    if size[1:2] != shape[1:2] and call.inputs:
                        said += f"; its input is {tuple(call.inputs[0].shape)}"
                    found.append(WrongMask(call, message, said))
                break
    return found[::-1]


def _fits(mask: Any, tensor: Any) -> bool:
    sizes = tuple(tensor.shape)
    if len(mask.shape) > len(sizes):
        return False
    pairs = list(zip(tuple(mask.shape), sizes, strict=False))
    return all(m == n or (m == 1 and i > 1) for i, (m, n) in enumerate(pairs))


def _came_right(call: Call) -> bool:
    """Whether what came in had masks that fit, so that this call is to blame."""
    pairs = zip(call.mask_in, call.inputs, strict=False)
    return all(mask is None or _fits(mask, tensor) for mask, tensor in pairs)


def _user(calls: list[Call], source: Call, mask: Any) -> tuple[int, bool] | None:
    """Return which call takes a mask, or what was made of it; 0 if an answer has it, else None.

    The second tells whether the mask stands on an input of that call, not on its output.
    """
    held = [array(mask)]  # compared by values: a Functional model makes some of its masks twice
    for i in range(calls.index(source) + 1, len(calls)):
        call = calls[i]
        came = (*call.mask_in, *call.masks_given)
        if _inside(source, call) or not any(_is_in(held, one) for one in came):
            continue
        if call.takes_mask and not (call.inside and call.outputs):
            return i, True
        held += [array(one) for one in call.mask_out if one is not None]
    return (0, False) if any(_is_in(held, one) for one in calls[0].mask_out) else None


def _is_in(held: list[np.ndarray], mask: Any) -> bool:
    return mask is not None and any(np.array_equal(one, array(mask)) for one in held)


def _inside(call: Call, outer: Call) -> bool:
    around = call.parent
    while around is not None and around is not outer:
        around = around.parent
    return around is outer


def _has_mask(call: Call) -> bool:
    return any(mask is not None for mask in call.mask_out)


def _longer(subject: Subject) -> Any:
    """Return the batch with more padding, or None where no value for it is known."""
    padding = {one.place: one for one in subject.padding}
    if not padding or any(one.value is None for one in padding.values()):
        return None
    leaves = []
    for place, leaf in enumerate(subject.leaves):
        if place in padding:
            one = padding[place]
            edge = (0, _MORE) if one.side == "post" else (_MORE, 0)
            edges = [(0, 0), edge, *[(0, 0)] * (leaf.ndim - 2)]
            leaf = np.pad(leaf, edges, constant_values=one.value)
        leaves.append(leaf)
    return keras.tree.pack_sequence_as(subject.batch.x, leaves)


def _on_other_steps(subject: Subject, calls: list[Call]) -> Iterator[WrongMask]:
    """Find masks that mark padding as real, or leave real steps out, innermost calls first."""
    found: list[Call] = []
    for call in reversed(calls):
        if not _may_move_steps(call) or any(_inside(one, call) for one in found):
            continue
        wrong = _misplaced(call)
        users = [_user(calls, call, mask) for mask in call.mask_out if mask is not None]
        left_out = "False" in wrong
        if wrong and any(user and _wrong_there(subject, calls, *user, left_out) for user in users):
            found.append(call)
            message = f"the mask that {call.name} passes on does not mark the real steps"
            yield WrongMask(call, message, wrong)


def _wrong_there(
    subject: Subject, calls: list[Call], i: int, comes_in: bool, left_out: bool
) -> bool:
    """Whether a mask is wrong where it is used: two layers may turn time around and back."""
    others = recorded_with_other_contents(subject)
    if others is None or i >= len(others):
        return True
    call, other_call = calls[i], others[i]
    pairs = (
        zip(call.inputs, call.mask_in, other_call.inputs, strict=False)
        if comes_in
        else zip(call.outputs, call.mask_out, other_call.outputs, strict=False)
    )
    for tensor, mask, other in pairs:
        if mask is None or not _fits(mask, tensor) or tuple(tensor.shape) != tuple(other.shape):
            continue
        changed, real = _moved(array(tensor), array(other)), array(mask).astype(bool)
        if changed.shape == real.shape and changed.any():
            told = ~changed.all(
                axis=1, keepdims=True
            )  # elsewhere padded steps repeat what was real
            wrong = changed & ~real & told if left_out else real & ~changed
            return bool(wrong.any())
    return True


def _may_move_steps(call: Call) -> bool:
    """Leave out calls without masks, and Keras's own layers but for those that turn time around."""
    if call.operation or call.inside == "graph" or not call.outputs:
        return False
    home = type(call.layer).__module__.split(".")[0]
    if home == "keras" and not getattr(call.layer, "go_backwards", False):
        return False
    masks = [mask for mask in call.mask_in if mask is not None]
    return bool(masks) and _has_mask(call) and all(len(mask.shape) == 2 for mask in masks)


def _misplaced(call: Call) -> str:
    """Compare the mask of an output with what its steps depend on; "" if nothing is wrong."""
    inputs = [array(one) for one in call.inputs]
    masks = [None if mask is None else array(mask).astype(bool) for mask in call.mask_in]
    if any(x.dtype.kind != "f" and mask is not None for x, mask in zip(inputs, masks, strict=True)):
        return ""
    rows = _rows(masks)
    if rows is None:
        return ""
    inputs = [x[rows] if x.ndim and len(x) > rows.max() else x for x in inputs]
    masks = [None if mask is None else mask[rows] for mask in masks]
    free = [None if mask is None else np.ones_like(mask) for mask in masks]
    by_padding, by_real = _dependence(call, inputs, masks, masks)
    by_padding_free, by_real_free = _dependence(call, inputs, masks, free)
    for i, mask in enumerate(call.mask_out):
        if mask is None or any(i >= len(one) for one in (by_padding, by_padding_free)):
            continue
        real = array(mask).astype(bool)[rows]
        pad, data, pad_free, data_free = (
            one[i] for one in (by_padding, by_real, by_padding_free, by_real_free)
        )
        if any(one.shape != real.shape for one in (pad, data, pad_free, data_free)):
            continue
        padding_only = pad & ~data | ~pad & ~data & pad_free & ~data_free
        data_only = data & ~pad & data_free & ~pad_free
        wrong, missed = real & padding_only, ~real & data_only
        if wrong.any():
            row = int(wrong.any(axis=1).argmax())
            return (
                f"row {rows[row]}: {int(wrong[row].sum())} of {int(real[row].sum())} True steps "
                "hold nothing but padding"
            )
        if missed.sum(axis=1).max() > 1:  # one may be left out where a window ends
            row = int(missed.sum(axis=1).argmax())
            return (
                f"row {rows[row]}: {int(missed[row].sum())} of {int((~real[row]).sum())} False "
                "steps hold real steps alone"
            )
    return ""


def _rows(masks: list) -> np.ndarray | None:
    """Return some rows that have real steps and padding wherever there is a mask."""
    known = [mask for mask in masks if mask is not None]
    if len({len(mask) for mask in known}) != 1:
        return None
    both = np.all([mask.any(axis=1) & ~mask.all(axis=1) for mask in known], axis=0)
    rows = np.flatnonzero(both)
    return rows[:_ROWS] if len(rows) else None


def _dependence(call: Call, inputs: list, masks: list, given: list) -> tuple[list, list]:
    """Tell which steps of each output change with the padded steps, and which with the real."""
    base, same = again(call, inputs, given), again(call, inputs, given)
    if base is None or same is None or _differ(base, same):
        return [], []
    found: list[list] = []
    for real in (False, True):
        changed = []
        for x, mask in zip(inputs, masks, strict=True):
            if mask is not None and mask.shape == x.shape[:2]:
                chosen = (mask if real else ~mask).reshape(*mask.shape, *[1] * (x.ndim - 2))
                x = np.where(chosen, 1.5 - 2 * x, x).astype(x.dtype)
            changed.append(x)
        outputs = again(call, changed, given)
        if outputs is None:
            return [], []
        found.append([_moved(a, b) for a, b in zip(base, outputs, strict=True)])
    return found[0], found[1]


def _differ(one: list, other: list) -> bool:
    return any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


def _moved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return bool ``(batch, time)``: which steps of an output differ."""
    if a.ndim < 2 or a.shape != b.shape:
        return np.zeros((0, 0), bool)
    scale = 1e-6 * max(float(np.abs(a[np.isfinite(a)]).max(initial=0)), 1e-6)
    near = np.isclose(a, b, rtol=1e-5, atol=scale, equal_nan=True)
    return ~near.reshape(*a.shape[:2], -1).all(axis=2)
