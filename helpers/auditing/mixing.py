"""Whether the rows of one batch change each other's answers, told apart from padding.

One row, the longest, goes through the model alone and with other rows before or behind it. It has
as many steps of padding there as alone, so that only the other rows can make a difference.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from helpers.auditing.calls import array, calls_with, once
from helpers.auditing.rule import Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import layers_of
from helpers.masking.probing import Weights, caller, without_noise
from helpers.masking.recording import Call, quietly, state_kept, states_of
from helpers.raised import first_line

_OTHERS = 5  # rows beside the one that is looked at
_TOLERANCE = 1e-4
_SHARE = 0.01  # of what another row in its place does
_EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7}


@dataclass(frozen=True)
class Mixed:
    """What other rows do to one row.

    Attributes:
        row: Number of the row in the batch.
        rows: How many rows went together.
        moved: How far its answers move, at most.
        first: Name of the first layer whose output moves, or "".
        shape: What is wrong with the shape of an answer, or "".
    """

    row: int
    rows: int
    moved: float
    first: str
    shape: str = ""


@once
def mixed_rows(subject: Subject) -> Mixed | None:
    """Return what rows do to each other, or None if they do nothing; raise if it is unknown."""
    _ = subject.outputs
    trial = _Trial(subject)
    with state_kept(subject.model), quietly(), without_noise(subject.model):
        weights = Weights(subject.model)
        try:
            found = [trial.run(weights, draw) for draw in (None, 0)]
        finally:
            weights.restore()
    known = [one for one in found if isinstance(one, Mixed)]
    if known:
        return max(known, key=lambda one: one.moved)
    if None not in found:
        raise Undecided(str(found[0]))
    return None


class _Trial:
    """The rows that are tried, and how."""

    def __init__(self, subject: Subject):
        self.model, self.structure = subject.model, subject.batch.x
        self.leaves = subject.leaves
        n = subject.batch.rows or 0
        if n < 2:
            raise NothingToCheck("the batches have one row")
        if any(not isinstance(leaf, np.ndarray) or len(leaf) != n for leaf in self.leaves):
            raise Undecided("not every input is an array with an entry for each row")
        if len(self.leaves) > 1 and any(leaf.shape == (n, n) for leaf in self.leaves):
            raise Undecided(f"an input relates the {n} rows to each other: it is ({n}, {n})")
        lengths = [one.lengths for one in subject.padding]
        self.row = int(np.argmax(lengths[0])) if lengths else 0
        fixed = any(t.shape[0] for t in getattr(self.model, "inputs", None) or [])
        self.fixed = bool(fixed or states_of(self.model))
        others = [i for i in range(n) if i != self.row]
        self.others = others if self.fixed else others[:_OTHERS]
        self.count = len(self.others) + 1
        self._make_rows_differ(bool(lengths))
        self.called = caller(self.model)
        self.eps = max(_EPS.get(layer.compute_dtype, 2.0**-23) for layer in layers_of(self.model))

    def _make_rows_differ(self, padded: bool) -> None:
        """Give rows that are all the same other contents, where any numbers will do."""
        if any((leaf != leaf[:1]).any() for leaf in self.leaves):
            return
        floats = [leaf.dtype.kind == "f" for leaf in self.leaves]
        if padded or not any(floats):
            raise Undecided("all rows of the batch are the same")
        rng = np.random.default_rng(0)
        self.leaves = [
            (leaf + rng.normal(size=leaf.shape)).astype(leaf.dtype) if is_float else leaf
            for leaf, is_float in zip(self.leaves, floats, strict=True)
        ]

    def take(self, rows: list[int]) -> Any:
        return keras.tree.pack_sequence_as(self.structure, [leaf[rows] for leaf in self.leaves])

    def run(self, weights: Weights, draw: int | None) -> "Mixed | str | None":
        """Compare with the weights of one draw; a text says why that tells nothing."""
        weights.draw(draw)
        orders = {0: [self.row, *self.others], -1: [*self.others, self.row]}

        def outputs(rows: list[int]) -> list[np.ndarray]:
            weights.reset()
            self._forget()
            return self.called(self.take(rows))

        try:
            together = {place: outputs(order) for place, order in orders.items()}
        except Exception as error:
            return f"some rows of the batch do not go through the model: {first_line(error)}"
        alone, other, size = self._references(outputs)
        if _distance(alone, outputs([self.row] * size)) > _TOLERANCE:
            return "the model answers one row differently each time: it draws random numbers"
        reaction = _distance(alone, other)
        moved, place, shape, compared = 0.0, 0, "", False
        for at, results in together.items():
            for a, b in zip(alone, results, strict=True):
                part = _entry(b, a.shape, at, size, self.count)
                if _is_of_steps(a, b, size, self.count):
                    part = f"{len(b)} entries come out for 1 row and for {self.count}"
                if isinstance(part, str):
                    shape = shape or ("" if self.fixed else part)
                elif part is not None:
                    compared = True
                    by = _distance([a], [part])
                    limit = max(64 * self.eps * _largest(a), _SHARE * reaction)
                    if by > min(max(_TOLERANCE, 8 * self.eps) * max(1, _largest(a)), limit):
                        moved, place = max((moved, place), (by, at))
        if moved or shape:
            rows = orders[place]
            first = self._first(rows, place, weights) if moved else ""
            return Mixed(self.row, self.count, moved, first, shape)
        if not compared:
            return "no output has an entry for each row"
        if not reaction > 10 * 64 * self.eps:
            return "the model hardly reads its input with the weights that were tried"
        return None

    def _references(self, outputs: Any) -> tuple[list, list, int]:
        """Return the answers to the row by itself and to another one, and how often it is there."""
        if not self.fixed:
            with contextlib.suppress(Exception):  # a model may want more than one row
                return outputs([self.row]), outputs([self.others[0]]), 1
        n = self.count
        return outputs([self.row] * n), outputs([self.others[0]] * n), n

    def _forget(self) -> None:
        """Let stateful layers begin with the same state in every row."""
        for layer in layers_of(self.model):
            if getattr(layer, "stateful", False) and layer.built:
                layer.reset_state()

    def _first(self, order: list[int], place: int, weights: Weights) -> str:
        """Return the innermost call whose output moves in this row, though its inputs do not."""
        runs = []
        for rows in (order, [self.row] * len(order)):
            weights.reset()
            self._forget()
            runs.append(calls_with(self.model, self.take(rows)))

        def moves(pair: tuple[Call, Call], field: str) -> bool:
            tensors = zip(*(getattr(call, field) for call in pair), strict=False)
            for a, b in ((array(a), array(b)) for a, b in tensors):
                entries = (_entry(x, None, place, 1, len(order)) for x in (a, b))
                parts = [x for x in entries if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
                if len(parts) == 2:
                    limit = _TOLERANCE * max(1, _largest(parts[1]))
                    if _distance(parts[:1], parts[1:]) > limit:
                        return True
            return False

        pairs = list(zip(*runs, strict=False))
        found = [p[0] for p in pairs if moves(p, "outputs") and not moves(p, "inputs")]
        inner = [c for c in found if not any(c in _around(one) for one in found)]
        return inner[0].name if inner else ""


def _is_of_steps(alone: np.ndarray, together: np.ndarray, size: int, count: int) -> bool:
    """Whether as many entries come out for any number of rows, and are made of the rows."""
    same = alone.shape == together.shape and size != count and alone.ndim > 0
    if not same or len(alone) == 1:  # one entry may sum up a batch on purpose
        return False
    return _distance([alone], [together]) > _TOLERANCE * max(1, _largest(alone))


def _entry(
    array: np.ndarray, alone: tuple | None, place: int, size: int, count: int
) -> np.ndarray | str | None:
    """Return what belongs to the first or last row; None if nothing does, a text if it is lost."""
    if not array.ndim:
        return None
    if alone is not None and array.shape == alone and size != count:
        return None  # the same for any number of rows
    if array.shape[0] % count:
        return f"{array.shape[0]} entries come out for {count} rows: {array.shape}"
    each = array.shape[0] // count
    if alone is not None and (alone[1:] != array.shape[1:] or alone[0] != each * size):
        return None  # an axis grows with the rows: it compares them on purpose
    part = array[:each] if place == 0 else array[array.shape[0] - each :]
    return part if size == 1 else np.concatenate([part] * size)


def _distance(one: list, other: list) -> float:
    """Return the largest change."""
    most = 0.0
    for a, b in zip(one, other, strict=True):
        if a.shape == b.shape and a.dtype.kind in "fiub":
            a, b = a.astype("float64"), b.astype("float64")
            with np.errstate(invalid="ignore"):
                apart = np.where((a == b) | np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
            most = max(most, float(np.nan_to_num(apart, nan=np.inf).max(initial=0)))
    return most


def _largest(a: np.ndarray) -> float:
    a = np.abs(a[np.isfinite(a)]) if a.dtype.kind == "f" else np.abs(a.astype("float64"))
    return float(a.max(initial=0))


def _around(call: Call) -> Iterator[Call]:
    while call.parent is not None:
        call = call.parent
        yield call
