"""What a padding leak is: how results differ, where that begins, and what to say about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from helpers.masking.recording import Call
from helpers.masking.tracing import trace

CHECKS = ("outputs", "loss", "gradients")
RISING, FALLING = "predict short to long", "predict long to short"
WAYS = ("call", RISING, FALLING, "loss", "gradients")
_PLACES = {"post": "padded after: ", "pre": "padded before:"}


@dataclass(frozen=True)
class Side:
    """What padding on one side does; its attributes mean what those of `Leak` mean."""

    leaks: bool | None
    moved: float
    first_layer: str | None
    mask_lost_at: str | None
    reason: str

    def __str__(self) -> str:
        if self.leaks is None:
            return f"inconclusive: {self.reason}"
        if not self.leaks:
            return "changes nothing"
        name = self.first_layer
        if name is None:
            return f"changes {self.moved:.2g}: {self.reason}"
        return f"changes {self.moved:.2g}, first in {name}, which{self.reason.removeprefix(name)}"


@dataclass(frozen=True, repr=False)
class Leak:
    """What `padding_leak` found. ``bool(leak)`` is ``leak.leaks``; print it to read it.

    Attributes:
        leaks: Whether padding on any side changes anything by more than the tolerance. None if that
            could not be decided, which ``reason`` explains: then ``bool(leak)`` raises ValueError.
        moved: The largest absolute change that was measured. inf if a result has the wrong shape,
            or is NaN or infinite where the row alone gives a finite number.
        by_side: The largest change for each side of padding.
        by_way: The largest change for each way of running the model: ``"call"``, ``"predict short
            to long"``, ``"predict long to short"``, ``"loss"``, ``"gradients"``.
        first_layer: Name of the first layer or operation whose real steps change although those of
            its inputs do not. None without a leak, or if no single call is to blame: the loss
            counts padded steps, or only ``predict`` differs.
        mask_lost_at: Name of the last layer or operation before it that dropped a mask, or None.
        reason: One sentence. It and the two above are of the side that leaks most.
        tolerance: The tolerance that was asked for, or what half precision allows.
        sides: For each side of padding a verdict of its own, with ``leaks``, ``moved``,
            ``first_layer``, ``mask_lost_at`` and ``reason``. A model that counts its steps from the
            front may leak on ``"pre"`` and be right on ``"post"``.
    """

    leaks: bool | None
    moved: float
    by_side: dict[str, float]
    by_way: dict[str, float]
    first_layer: str | None
    mask_lost_at: str | None
    reason: str
    tolerance: float
    sides: dict[str, Side] = field(default_factory=dict)

    def __bool__(self) -> bool:
        if self.leaks is None:
            raise ValueError(f"inconclusive: {self.reason}")
        return self.leaks

    def __str__(self) -> str:
        # A change within the tolerance is noise, and noise differs from machine to machine. But in
        # outputs that are small, or hardly depend on the input, a small change is a leak.
        shown = self.tolerance if not self.leaks or self.moved > self.tolerance else 0

        def table(values: dict[str, float]) -> str:
            said = (
                f"{name} {moved:.2g}" if moved > shown else f"{name} 0"
                for name, moved in values.items()
            )
            return ", ".join(said)

        verdicts = {(one.leaks, one.first_layer, one.mask_lost_at) for one in self.sides.values()}
        heads = {True: "padding leaks", False: "padding changes nothing", None: "inconclusive"}
        lines = [f"{heads[self.leaks]}: {self.reason}"]
        if len(verdicts) > 1:
            lines = [f"{_PLACES[side]} {one}" for side, one in self.sides.items()]
        lines.append(f"  moved by side: {table(self.by_side)}")
        lines.append(f"  moved by way:  {table(self.by_way)}")
        if self.leaks and len(verdicts) < 2:
            lines.append(f"  first layer that changes: {self.first_layer or 'none'}")
            lines.append(f"  mask lost at: {self.mask_lost_at or 'nowhere'}")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class Case:
    """One comparison: how far a result is from its reference."""

    way: str
    side: str
    amount: int
    draw: int | None
    row: int | None  # None: the loss and the gradients belong to all rows
    moved: float
    excess: float  # moved over the scale that the tolerance is relative to
    why: str = ""


def change_of(reference: np.ndarray, result: np.ndarray, side: str) -> tuple[float, float, str]:
    """Return the largest absolute change of the real steps, that over the scale, and a remark."""
    part = real_part(result, reference.shape, side)
    if part is None:
        why = f"a row alone gives {reference.shape}, padded {side} it gives {result.shape}"
        return math.inf, math.inf, why
    a, b = (array.astype(np.result_type(array, "float64")) for array in (reference, part))
    with np.errstate(invalid="ignore"):
        distance = np.where(a == b, 0.0, np.abs(a - b))
    moved = float(np.where(np.isnan(distance), math.inf, distance).max(initial=0))
    return moved, moved / float(np.abs(a[np.isfinite(a)]).max(initial=1)), ""


def largest(arrays: Sequence[np.ndarray]) -> float:
    """Return the largest finite absolute value in some arrays, 0 if there is none."""
    floats = (np.abs(array.astype(np.result_type(array, "float64"))) for array in arrays)
    return max((float(a[np.isfinite(a)].max(initial=0)) for a in floats), default=0.0)


def real_part(array: np.ndarray, shape: tuple[int, ...], side: str) -> np.ndarray | None:
    """Cut every axis that is longer than in ``shape``; None if the array cannot be cut to it."""
    if array.ndim != len(shape) or any(np.less(array.shape, shape)):
        return None
    ends = zip(array.shape, shape, strict=True)
    return array[tuple(slice(n) if side == "post" else slice(m - n, m) for m, n in ends)]


def differently_shaped(results: list[np.ndarray] | str, called: list[np.ndarray]) -> str:
    """Return what is wrong with what predict returned, or an empty string."""
    if isinstance(results, str):
        return results
    for result, expected in zip(results, called, strict=True):
        if result.shape != expected.shape:
            return f"predict returned {result.shape}, call returned {expected.shape}"
    return ""


def first_moved(compared: tuple, row: int, side: str, tolerance: float) -> int | None:
    """Index of the first call, the innermost one, whose real steps move though its inputs' do not.

    ``compared`` are three lists of the same calls: of the row alone, which says how many steps are
    real in every tensor; of what is the reference; and of the padded batch.
    """
    alone, base, padded = compared

    def moved(k: int, field: str) -> bool:
        for tensors in zip(*(getattr(calls[k], field) for calls in compared), strict=False):
            size, a, b = (_entry(tensor, row) for tensor in tensors)
            if size is not None and a is not None and b is not None:
                a = real_part(a, size.shape, side)
                if a is not None and change_of(a, b, side)[1] > tolerance:
                    return True
        return False

    count = min(len(alone), len(base), len(padded))
    found = [k for k in range(count) if moved(k, "outputs") and not moved(k, "inputs")]
    inside = [k for k in found if not any(padded[k] in _around(padded[j]) for j in found)]
    return inside[0] if inside else None


def reader_of(calls: list[Call], k: int) -> Call:
    """Return call ``k``, or what reads its steps where it only adds some at the edges."""
    while calls[k].kind in ("Pad", "ZeroPadding1D"):
        made = {id(tensor) for tensor in calls[k].outputs}
        readers = (j for j in range(k + 1, len(calls)) if made & {id(x) for x in calls[j].inputs})
        found = next(readers, None)
        if found is None:
            break
        k = found
    return calls[k]


def _around(call: Call) -> list[Call]:
    """Return the calls of models and layers around a call."""
    return [] if call.parent is None else [call.parent, *_around(call.parent)]


def _entry(tensor: Any, row: int) -> np.ndarray | None:
    """Return one row of a recorded tensor, or the only row there is."""
    array = np.asarray(keras.ops.convert_to_numpy(tensor))
    if not array.ndim or not len(array):
        return None
    return array if len(array) == 1 else array[row : row + 1]


def mask_lost(model: keras.Layer, batch: Any, call: Call | None) -> Any:
    """Return the last step of a trace that drops the mask before ``call``, or None."""
    if call is not None and any(mask is not None for mask in call.mask_in):
        return None
    steps, lost = trace(model, batch, predict=False), None
    for step in steps.steps:
        if call is not None and (step.name, step.call_number) == (call.name, call.call_number):
            break
        lost = step if step in steps.lost else lost
    return lost


def reason_for(call: Call | None, lost: Any, way: str) -> str:
    """Say in a sentence how the padding got in."""
    if call is None:
        dropped = f"{lost.name} {lost.fate.replace('dropped', 'dropped the mask')}" if lost else ""
        if way in CHECKS:
            dropped = dropped or "the output has no mask, or the loss ignores it"
            does = "the loss does" if way == "loss" else "the gradients do"
            return f"no layer's real steps change, but {does}: {dropped}"
        return "no single layer is to blame" + (f": {dropped}" if dropped else "")
    masks = [np.asarray(keras.ops.convert_to_numpy(m)) for m in call.mask_in if m is not None]
    if masks and all(mask.all() for mask in masks):
        return f"{call.name} gets a mask that marks no step as padding"
    if masks:
        how = " although it is given the mask" if call.got_mask else "; it does not use the mask"
        return f"{call.name} lets padding into the real steps{how}"
    if lost:
        how = {"dropped silently": "without a word"}.get(lost.fate, "with a warning")
        return f"{call.name} gets no mask: {lost.name} dropped it {how}"
    return f"{call.name} lets padding into the real steps, and no mask reaches it"
