"""Which inputs are padded, on which side, with what, and how long the rows are without it.

What is not given is inferred from the batch: padding is the run of one constant at an end of the
time axis. A constant that no layer masks and that also stands elsewhere is data, except where the
runs at the end are long and the constant is rare and scattered before them. Inputs of one shape
``(batch, time)`` share their lengths, so that a mask beside token ids is padded as the ids are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.padding import pad

_USUAL = (0, -1)  # values that padding holds where no layer names another
_RARE = 0.05  # of the steps before a run of padding hold its value by chance, at most
_LONG = 3  # times as long as the longest run elsewhere is a run that is padding
_MANY = 0.2  # of the rows end in such a run


@dataclass(frozen=True)
class Padded:
    """The padding of one input in one batch.

    Attributes:
        place: Number of the input, in flat order.
        lengths: int64 ``(batch,)``, real timesteps of each row.
        value: What the padding holds.
        side: ``"post"`` or ``"pre"``.
        how: How that is known, for the report.
        axis: Of the steps: 1, or of pictures 1 or 2, their height or their width.
    """

    place: int
    lengths: np.ndarray
    value: Any
    side: str
    how: str
    axis: int = 1


def is_picture(leaf: Any) -> bool:
    """Whether an input can be pictures ``(batch, height, width, channels)``, padded behind."""
    return isinstance(leaf, np.ndarray) and leaf.ndim == 4 and leaf.dtype.kind in "biuf"


def steps_of(leaf: np.ndarray, axis: int = 1) -> np.ndarray:
    """Return an input as ``(batch, time, features)``; ``axis`` is that of its steps."""
    leaf = np.moveaxis(leaf, axis, 1)
    return leaf.reshape(*leaf.shape[:2], int(np.prod(leaf.shape[2:])))  # also of no rows


def padded_as(rows: Any, length: Any, side: str, value: Any, axis: int) -> np.ndarray:
    """Pad rows of one input as the batches are padded: pictures on one axis alone.

    Args:
        rows: List of rows, or an array that is never padded.
        length: What `padding_leak` asks for: steps, or ``(height, width)``, or None for an array.
        side: ``"post"`` or ``"pre"``; pictures are padded behind.
        value: What the padding holds.
        axis: Of the batch, that is padded.
    """
    if length is None:
        return rows
    if rows[0].ndim < 3:
        return pad(rows, length, side=side, value=value)[0]
    most = max(row.shape[axis - 1] for row in rows)
    more = (length[0] if isinstance(length, tuple) else length) - max(map(len, rows))
    turned = [np.moveaxis(row, axis - 1, 0) for row in rows]
    return np.moveaxis(pad(turned, most + more, value=value)[0], 1, axis)


def has_time(leaf: Any) -> bool:
    """Whether an input can be a padded sequence: ids or a mask, or vectors per timestep."""
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "biuf":
        return False
    return leaf.ndim == 3 or (leaf.ndim == 2 and leaf.dtype.kind in "biu")


def padding_in(
    leaves: Sequence[Any],
    marks: Sequence[Any],
    lengths: Any,
    value: Any,
    side: str | None,
    wide: Mapping[int, int] | None = None,
    places: Sequence[int] | None = None,
) -> list[Padded]:
    """Return the padding of each input that has some.

    Args:
        leaves: Inputs of one batch, arrays ``(batch, ...)``.
        marks: Values that layers of the model mask.
        lengths: int ``(batch,)`` if given, else None.
        value: What the padding holds, if given, else None.
        side: ``"post"`` or ``"pre"`` if given, else None.
        wide: Of the inputs that are pictures, which may be padded behind: the axis by number.
        places: Numbers of the other inputs that have a time axis. None: see `has_time`.

    Returns:
        A `Padded` for each input with a time axis, or nothing where no row has padding.
    """
    if places is None:
        places = [i for i, leaf in enumerate(leaves) if has_time(leaf)]
    axes = dict.fromkeys(places, 1) | (wide := dict(wide or {}))
    steps = {i: steps_of(leaves[i], axis) for i, axis in sorted(axes.items())}
    groups: dict[tuple, list[int]] = {}
    for i, one in steps.items():
        groups.setdefault((*one.shape[:2], i in wide), []).append(i)
    found: list[Padded] = []
    for group in groups.values():
        known_side = "post" if group[0] in wide else side
        ends = {i: _ends(steps[i], leaves[i].ndim, marks, value, known_side) for i in group}
        of_group = None if lengths is None else np.asarray(lengths, "int64")
        sides = [end.side for end in ends.values() if end is not None]
        here = known_side or (sides[0] if sides else "post")
        if of_group is None:
            known = [end.lengths for end in ends.values() if end is not None and end.side == here]
            if not known or (np.max(known, axis=0) == steps[group[0]].shape[1]).all():
                continue
            of_group = np.max(known, axis=0)
        for i in group:
            held = value if value is not None else _held(steps[i], of_group, here)
            how = "given" if lengths is not None else _how(held, marks)
            found.append(Padded(i, of_group, held, here, how, axes[i]))
    return found


@dataclass(frozen=True)
class _End:
    lengths: np.ndarray
    side: str


def _ends(
    steps: np.ndarray, ndim: int, marks: Sequence, value: Any, side: str | None
) -> _End | None:
    """Find the runs of one constant at an end of the time axis of one input with ``ndim`` axes."""
    candidates = [value] if value is not None else [*marks, *_USUAL, *_constants(steps)]
    for candidate in candidates:
        blank = np.all(_equal(steps, candidate), axis=2)
        runs = {"post": _run(blank[:, ::-1]), "pre": _run(blank)}
        here = side or max(runs, key=lambda name: runs[name].sum())
        run = runs[here]
        guessed = value is None and candidate not in marks
        if guessed and (steps.shape[1] < 2 or not _only_at_the_end(blank, run, here, ndim)):
            continue  # it also stands between or before real steps
        single = steps.shape[2] == 1 and ndim == 3 and candidate not in marks
        if run.any() and not (single and run.max() < 2) and _may_be_padding(steps, run, candidate):
            return _End(steps.shape[1] - run, here)
    return None


def _only_at_the_end(blank: np.ndarray, run: np.ndarray, side: str, ndim: int) -> bool:
    """Whether blank steps stand in the runs alone, or elsewhere so rarely that the runs are more.

    If a share of `_RARE` of the steps is blank by chance, a run of three at the end of a row is a
    matter of 1 in 8000, and in each fifth row one of nobody's lifetime.
    """
    if side == "post":
        blank = blank[:, ::-1]  # the runs are first
    place = np.arange(blank.shape[1])[None, :]
    others = blank & (place >= run[:, None])
    if not others.any():
        return True
    if ndim > 3 or others.sum() > _RARE * (blank.size - run.sum()):
        return False
    long = run >= max(_LONG, _LONG * _longest(others))
    rows = run < blank.shape[1]
    return bool((long & rows).sum() >= max(2, _MANY * len(run)))


def _longest(blank: np.ndarray) -> int:
    """Return the length of the longest run of True along axis 1."""
    count = longest = np.zeros(len(blank), int)
    for step in blank.T:
        count = (count + 1) * step
        longest = np.maximum(longest, count)
    return int(longest.max(initial=0))


def _may_be_padding(leaf: np.ndarray, run: np.ndarray, candidate: Any) -> bool:
    """Whether a run may be padding: a row that is blank from end to end alone says nothing."""
    return bool((run < leaf.shape[1]).any() or candidate == 0)


def _constants(steps: np.ndarray) -> list:
    """Return the constant that ends most rows, if all features of their last steps share it."""
    if steps.shape[1] < 2:
        return []
    if steps.shape[2] < 2:
        return _repeated(steps[:, :, 0]) if steps.dtype.kind in "iu" else []
    found = []
    for step in (steps[:, -1], steps[:, 0]):
        values = step[_equal(step, step[:, :1]).all(axis=1), 0]
        if len(values) > 1 or (len(values) and len(steps) == 1):
            kinds, counts = np.unique(values, return_counts=True)
            if counts.max() > 1:
                found.append(kinds[counts.argmax()])
    return found


def _repeated(ids: np.ndarray) -> list:
    """Return the id that ends rows in runs of two and more, if those are many and of all sorts."""
    found = []
    for last, before in ((ids[:, -1], ids[:, -2]), (ids[:, 0], ids[:, 1])):
        twice = last[last == before]
        if len(twice) < max(2, _MANY * len(ids)):
            continue
        kinds, counts = np.unique(twice, return_counts=True)
        value = kinds[counts.argmax()]
        runs = np.unique((ids == value).sum(axis=1))
        if counts.max() >= max(2, 0.9 * len(twice)) and runs.max() > 2 and len(runs) > 2:
            found.append(value)
    return found


def _held(leaf: np.ndarray, lengths: np.ndarray, side: str) -> Any:
    """Return the one value that the padding of an input holds, or None if there are several."""
    place = np.arange(leaf.shape[1])[None, :]
    start = leaf.shape[1] - lengths[:, None]
    blank = place < start if side == "pre" else place >= lengths[:, None]
    values = np.unique(leaf[blank])
    return values[0].item() if len(values) == 1 else None


def _how(value: Any, marks: Sequence) -> str:
    return "the value that a layer masks" if value in marks else "a constant at the end of rows"


def _equal(array: np.ndarray, value: Any) -> np.ndarray:
    if isinstance(value, float | np.floating) and np.isnan(value):
        return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
    return array == value


def _run(blank: np.ndarray) -> np.ndarray:
    """Return how many of the first entries of each row are True."""
    return np.where(blank.all(axis=1), blank.shape[1], np.argmin(blank, axis=1))
