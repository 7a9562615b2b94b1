"""The steps of a trace: what became of the mask at each call, and what else to say about it."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np

from helpers.keras_private import plain_name
from helpers.masking.recording import Call
from helpers.masking.trace_axes import Names
from helpers.masking.trace_table import (
    BORN,
    CONSUMED,
    KEPT,
    LOST,
    NO_MASK,
    SILENT,
    UNSEEN,
    WARNED,
    Mask,
    Step,
)
from helpers.tensors import dtype_name

# Operations that look at the shape of a tensor only: a mask has nothing to say there.
_SHAPE_ONLY = {"OnesLike", "ZerosLike", "FullLike", "Shape", "ConvertToTensor"}
FALSE_ALARM = "Keras warns that it destroys the mask, but a layer inside has used it"
_USED_UP = "Keras warns that it destroys the mask, but it is given it, and no time axis is left"
_ENDS_HERE = "its call is given the mask, but later layers are not; set supports_masking = True"


class _Row(NamedTuple):
    """A call to show: ``call`` as it really ran, or an operation that only shapes went through."""

    call: Call
    parent: Call | None
    symbolic: bool


def _rows(eager: list[Call], symbolic: list[Call]) -> list[_Row]:
    """Eager calls in order, with the operations that the symbolic run saw between them."""
    if not eager:
        return []
    twins: dict[Call, Call] = {}
    if symbolic and symbolic[0].layer is eager[0].layer:
        twins[eager[0]] = symbolic[0]
    return list(_below(eager[0], None, eager, symbolic, twins))


def _below(
    call: Call,
    parent: Call | None,
    eager: list[Call],
    symbolic: list[Call],
    twins: dict[Call, Call],
) -> Iterator[_Row]:
    yield _Row(call, parent, False)
    children = [c for c in eager if c.parent is call]
    twin = twins.get(call)
    others = [c for c in symbolic if c.parent is twin] if twin and not twin.unseen else []
    own = call.inside == "own"
    real = [c for c in others if not c.operation or any(c.layer is e.layer for e in children)]
    if others and [c.layer for c in real] != [c.layer for c in children]:
        others, twin.unseen = [], "there it calls other layers"
    left = iter(children)
    for other in others:
        if other in real:
            child = next(left)
            twins[child] = other
            yield from _below(child, call, eager, symbolic, twins)
        elif own:
            yield _Row(other, call, True)
    for child in left:
        yield from _below(child, call, eager, symbolic, twins)


class _Insight(NamedTuple):
    """What the other calls of a run tell about one call."""

    by_hand: bool  # an operation on a tensor made from a mask
    only_masks: bool  # it works on masks alone, or only on shapes
    stripped: Call | None  # this call took the mask off an input of ours before


def _insights(calls: list[Call]) -> dict[Call, _Insight]:
    made = {
        id(mask)
        for call in calls
        for mask in (*call.mask_in, *call.mask_out, *call.masks_given)
        if mask is not None
    }
    strippers: dict[int, Call] = {}
    insights = {}
    for call in calls:
        from_mask = [id(t) in made or _is_bool(t) for t in call.inputs]
        bare = [t for t, mask in zip(call.inputs, call.mask_in, strict=True) if mask is None]
        stripped = next((strippers[id(t)] for t in bare if id(t) in strippers), None)
        pure = call.operation and all(from_mask) and bool(from_mask)
        makes = call.operation and bool(call.outputs) and all(map(_is_bool, call.outputs))
        if pure:
            made.update(id(t) for t in call.outputs)
        alone = pure or makes or call.kind in _SHAPE_ONLY
        insights[call] = _Insight(any(from_mask), alone and call.operation, stripped)
        for tensor, gone in zip(call.inputs, call.stripped, strict=True):
            if gone and not call.inside:
                strippers[id(tensor)] = call
    return insights


def _is_bool(tensor: Any) -> bool:
    return dtype_name(tensor.dtype) == "bool"


def steps_of(
    eager: list[Call],
    symbolic: list[Call],
    names: Names,
    lengths: np.ndarray | None,
    found: dict[int, str],
) -> tuple[list[Step], list[str]]:
    """Make the steps of a trace out of its runs.

    Args:
        eager: The calls of the eager run, at least one.
        symbolic: Those of the run on shapes, or none.
        names: The names of axes.
        lengths: Real timesteps of each row, if known.
        found: Notes by the place of a call in ``eager``.

    Returns:
        The steps, and what concerns none of them.
    """
    rows = _rows(eager, symbolic)
    insights = _insights(eager) | _insights(symbolic)
    masks = _mask_values(eager, symbolic)
    given = _given_again(eager) | _given_again(symbolic)
    place = {call: index for index, call in enumerate(eager)}
    twins_unseen = {c.layer: c.unseen for c in symbolic if c.unseen}
    shown = [row for row in rows if not _hidden(row, insights)]
    if len(shown) > 1:
        shown = [row for row in shown if row.parent is not None]  # the model itself is the title
    counts: dict[int, int] = {}
    for row in shown:
        counts[id(row.call.layer)] = counts.get(id(row.call.layer), 0) + 1
    labels = _labels(shown)
    steps, remarks = [], []
    for row in shown:
        call, insight = row.call, insights[row.call]

        def described(mask: Any) -> Mask | None:
            return None if mask is None else _described(masks.get(id(mask), mask), names)

        fate = _fate(call, insight)
        again = given[call] if fate in LOST else None
        notes = list(_notes(call, insight, lengths, masks, names))
        if not row.symbolic and place[call] in found:
            notes.append(found[place[call]])
        if call.inside == "own" and call.layer in twins_unseen:
            notes.append(f"{UNSEEN} ({twins_unseen[call.layer]})")
        steps.append(
            Step(
                path=_path(row),
                name=labels[call],
                kind=call.kind,
                call_number=call.call_number,
                shared=counts[id(call.layer)] > 1,
                operation=call.operation,
                nested=any(other.parent is call for other in shown),
                uses_mask=call.takes_mask,
                inputs=tuple(names.shape(t.shape, t.dtype) for t in call.inputs),
                outputs=tuple(names.shape(t.shape, t.dtype) for t in call.outputs),
                mask_in=tuple(described(mask) for mask in call.mask_in),
                mask_out=tuple(described(mask) for mask in call.mask_out),
                fate=fate,
                notes=tuple(notes),
                restored=f"given again to {again}" if again else "",
            )
        )
    root = eager[0]
    if shown[0].call is not root and root.layer in twins_unseen:
        remarks.append(f"{root.name}: {UNSEEN} ({twins_unseen[root.layer]})")
    if any(call.inside == "own" for call in eager) and not symbolic:
        remarks.append(f"{root.name}: {UNSEEN}")
    return _with_restored(_with_nested_fates(steps)), remarks


def _given_again(calls: list[Call]) -> dict[Call, str | None]:
    """For each call, the name of the next one that takes a mask, if every such one was given one.

    A layer may be given a mask that its input has lost: ``lstm(h[:, 1:], mask=mask[:, 1:])``. A
    Functional model does the same by itself where the mask was still there when it was built.
    """
    order = {call: index for index, call in enumerate(calls)}
    users: dict[int, list[Call]] = {}
    for call in calls:
        for tensor in call.inputs:
            users.setdefault(id(tensor), []).append(call)

    taken: dict[Call, str | None] = {}  # from the last call to the first: each is asked for once

    def taker(call: Call) -> str | None:
        users_of_outputs = (users.get(id(tensor), ()) for tensor in call.outputs)
        # later ones only: Dropout may return the very tensor that it was given
        nexts = [u for u in itertools.chain(*users_of_outputs) if order[u] > order[call]]
        names = []
        for user in nexts:
            if user.got_mask and not user.inside:
                names.append(user.name)
            elif not user.takes_mask and not user.inside:
                names.append(taken[user])
            else:
                names.append(None)
        # without users it is an output of the model: its loss may want the mask
        return names[0] if names and None not in names else None

    for call in reversed(calls):
        taken[call] = taker(call)
    return {call: None if call.inside else taken[call] for call in calls}


def _hidden(row: _Row, insights: dict[Call, _Insight]) -> bool:
    call = row.call
    if not call.operation:
        return False
    if insights[call].only_masks:
        return True
    around = row.parent
    own = around is not None and around.inside == "own"
    return own and around.takes_mask and around.got_mask


def _path(row: _Row) -> tuple[str, ...]:
    if row.parent is None:
        return ()
    return (*row.parent.path, row.parent.name)[1:]


def _labels(rows: list[_Row]) -> dict[Call, str]:
    """Names; an operation in a user-defined layer has none of its own and is counted there."""
    labels: dict[Call, str] = {}
    counts: dict[tuple[int, str], int] = {}
    for row in rows:
        call = row.call
        labels[call] = call.name
        if row.symbolic:
            base = plain_name(call.kind)
            key = (id(row.parent), base)
            labels[call] = f"{base}_{counts[key]}" if key in counts else base
            counts[key] = counts.get(key, 0) + 1
    return labels


def _mask_values(eager: list[Call], symbolic: list[Call]) -> dict[int, Any]:
    """Masks with values for those of the symbolic run, by id."""
    values = {}
    pairs = zip(
        [call for call in eager if not call.operation],
        [call for call in symbolic if not call.operation],
        strict=False,
    )
    for real, other in pairs:
        if real.layer is not other.layer:
            break
        for mine, theirs in (
            *zip(real.mask_out, other.mask_out, strict=False),
            *zip(real.mask_in, other.mask_in, strict=False),
        ):
            if mine is not None and theirs is not None:
                values[id(theirs)] = mine
    return values


def _described(mask: Any, names: Names) -> Mask:
    size = int(np.prod(mask.shape))
    if isinstance(mask, keras.KerasTensor):
        return Mask(names.shape(mask.shape, "bool"), None, size)
    return Mask(names.shape(mask.shape, "bool"), int(_values(mask).sum()), size)


def _values(mask: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(mask)).astype(bool)


def _fate(call: Call, insight: _Insight) -> str:
    came = any(mask is not None for mask in call.mask_in) or bool(call.masks_given)
    went = any(mask is not None for mask in call.mask_out)
    if went:
        return KEPT if came else BORN
    if call.warned:
        return CONSUMED if _used_up(call) else WARNED
    if not came:
        return SILENT if insight.stripped else NO_MASK
    used = insight.by_hand if call.operation else call.got_mask and call.takes_mask
    return CONSUMED if used else SILENT


def _used_up(call: Call) -> bool:
    """Whether a user-defined layer was given a mask that nothing is left of to mark."""
    if call.inside != "own" or not (call.takes_mask and call.got_mask):
        return False
    masks = [tuple(mask.shape) for mask in (*call.mask_in, *call.masks_given) if mask is not None]
    shapes = [tuple(tensor.shape) for tensor in call.outputs]
    return not any(shape[: len(mask)] == mask for shape in shapes for mask in masks)


def _with_nested_fates(steps: list[Step]) -> list[Step]:
    """A nested model that swallows a mask did so in one of its own steps, or used it there."""
    result = []
    for index, step in enumerate(steps):
        if step.nested and step.fate in (*LOST, CONSUMED):
            depths = [other.depth for other in steps[index + 1 :]]
            end = next((i for i, depth in enumerate(depths) if depth <= step.depth), len(depths))
            inner = steps[index + 1 : index + 1 + end]
            fates = {other.fate for other in inner if not other.nested}
            if fates & {*LOST}:
                step = replace(step, fate=step.fate if step.fate in LOST else SILENT)
            elif CONSUMED in fates:
                said = (FALSE_ALARM,) if step.fate == WARNED else ()
                step = replace(step, fate=CONSUMED, notes=(*step.notes, *said))
        result.append(step)
    return result


def _with_restored(steps: list[Step]) -> list[Step]:
    """Mark losses inside a layer that decides on its output's mask before anyone needs one."""
    return [
        replace(step, restored=_decided_by(steps, index))
        if step.fate in LOST and not step.restored
        else step
        for index, step in enumerate(steps)
    ]


def _decided_by(steps: list[Step], index: int) -> str:
    """What a layer around a step does with the mask that is lost there, or ``""``."""
    depth = steps[index].depth
    for above in range(index - 1, -1, -1):
        around = steps[above]
        if around.depth >= depth:
            continue
        depth = around.depth
        if any(around.mask_out) or around.fate == WARNED:
            inside = itertools.takewhile(partial(_is_deeper, depth), steps[index + 1 :])
            asking = (step for step in inside if step.uses_mask and not step.nested)
            if not all(any(step.mask_in) for step in asking):
                return ""
            what = "put back" if any(around.mask_out) else "dropped"
            return f"{what} by {around.name}"
    return ""


def _is_deeper(depth: int, step: Step) -> bool:
    return step.depth > depth


def _notes(
    call: Call, insight: _Insight, lengths: np.ndarray | None, masks: dict[int, Any], names: Names
) -> Iterator[str]:
    first = next((mask for mask in call.mask_out if mask is not None), None)
    came = any(mask is not None for mask in call.mask_in) or bool(call.masks_given)
    if first is not None and not came and not call.inside and lengths is not None:
        mask = masks.get(id(first), first)
        if not isinstance(mask, keras.KerasTensor) and mask.shape[0] == len(lengths):
            yield from _born_notes(_values(mask), lengths, names)
    if insight.stripped is not None:
        taker = insight.stripped
        yield (
            f"{taker.name} took the mask off this input before: {taker.kind} removes it from the "
            "very tensor that it is given"
        )
    if call.warned and first is None and call.inside == "own" and call.got_mask:
        yield _USED_UP if _used_up(call) else _ENDS_HERE
    if call.warned and first is not None:
        yield "Keras warns that it destroys the mask, but the mask is still there"
    own = [mask for mask in call.mask_in if mask is not None]
    if own and call.takes_mask and not call.got_mask and not call.inside:
        yield (
            "its call takes a mask but was given none: with several tensors Keras fills in only "
            "the arguments named after them"
        )


def _born_notes(values: np.ndarray, lengths: np.ndarray, names: Names) -> Iterator[str]:
    if values.ndim != 2 or values.shape[1] not in names.times:
        return
    counts = values.sum(axis=1)
    if values.all() and lengths.sum() < values.size:
        yield (
            f"marks no step as padding, but by lengths {values.size - lengths.sum()} of "
            f"{values.size} are"
        )
    elif (counts != lengths).any():
        rows = np.flatnonzero(counts != lengths).tolist()
        yield (
            f"marks {counts.sum()} of {values.size} steps as real, by lengths {lengths.sum()} are; "
            f"it differs in {'row' if len(rows) == 1 else 'rows'} {', '.join(map(str, rows[:5]))}"
            + (" ..." if len(rows) > 5 else "")
        )
