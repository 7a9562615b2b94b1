"""Which steps of the answers are padding or have no weight, and other answers for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from helpers.auditing.padded import Padded, padding_in
from helpers.auditing.rule import Undecided
from helpers.auditing.scores import Scored, differ, loss_of
from helpers.auditing.subject import Subject


@dataclass(frozen=True)
class Blank:
    """Steps of one output that should not count.

    Attributes:
        place: Number of the output, in flat order.
        name: What it is called in findings.
        where: bool ``(batch, time)``, or ``(batch,)`` for whole rows: True should not count.
        why: How that is known.
    """

    place: int
    name: str
    where: np.ndarray
    why: str

    @property
    def said(self) -> str:
        """How many there are."""
        kind = "rows" if self.where.ndim == 1 else "steps"
        return f"{int(self.where.sum())} of {self.where.size} {kind}"


def name_of(rows: Scored, place: int) -> str:
    """Return what findings call an output."""
    if len(rows.answers) == 1:
        return "the output"
    return f"the output {rows.names[place] if rows.names else place}"


def padded_steps(subject: Subject, rows: Scored) -> Iterator[Blank]:
    """Return the padding of each output that answers step by step, as the inputs tell it."""
    for place, target in enumerate(rows.targets or []):
        if target is None or target.ndim < 2 or rows.answers[place].ndim < 2:
            continue
        answer, known = rows.answers[place], False
        for one in subject.padding:
            steps = subject.leaves[one.place].shape[one.axis]
            if answer.shape[1] != steps or target.shape[1] != steps:
                continue
            where = _blank(one, steps, rows.rows)
            if not where.any() or where.all():
                continue
            if not _belongs(one, _follows(subject, one, place), target, where, answer.ndim):
                continue
            known = True
            yield Blank(
                place, name_of(rows, place), where, f"padding of {subject.names[one.place]}"
            )
            break
        if not known and subject.padding:
            yield from _padded_targets(rows, place, target)


def _belongs(
    one: Padded, follows: bool | None, target: np.ndarray, where: np.ndarray, rank: int
) -> bool:
    """Whether steps of the targets are padding if these steps of an input are."""
    blank, real = target[where], target[~where]
    if follows:
        ragged = len(np.unique(one.lengths)) > 1
        return ragged or _one_value(blank)
    if follows is None:
        return rank > 2 and _one_value(blank)
    # An output of a length of its own, such as that of an autoencoder: padded in the same way?
    every = tuple(range(1, target.ndim - 1))
    return bool((blank == one.value).all() and not (real == one.value).all(axis=every).any())


def _follows(subject: Subject, one: Padded, place: int) -> bool | None:
    """Whether an output gets one step more if this input gets one; None if it cannot get one."""
    shape = subject.leaves[one.place].shape[:2]
    group = [other.place for other in subject.padding]
    group = [i for i in group if subject.leaves[i].shape[:2] == shape]
    group += [i for i, leaf in enumerate(subject.leaves) if i not in group and _beside(leaf, shape)]
    for places in ([one.place], group):
        leaves = list(subject.leaves)
        for i in places:
            leaves[i] = np.concatenate([leaves[i], leaves[i][:, -1:]], axis=1)
        x = keras.tree.pack_sequence_as(subject.batch.x, leaves)
        try:
            answers = keras.tree.flatten(subject.model(x, training=False))
        except Exception:
            continue
        return answers[place].shape[1] == shape[1] + 1
    return None


def _beside(leaf: Any, shape: tuple) -> bool:
    return getattr(leaf, "ndim", 0) >= 2 and leaf.shape[:2] == shape


def _blank(one: Padded, steps: int, rows: int) -> np.ndarray:
    lengths = one.lengths[:rows, None]
    place = np.arange(steps)[None, :]
    return place < steps - lengths if one.side == "pre" else place >= lengths


def _one_value(values: np.ndarray) -> bool:
    """Whether all steps hold one and the same thing, as padding does."""
    return bool((values == values[:1]).all())


def _padded_targets(rows: Scored, place: int, target: np.ndarray) -> Iterator[Blank]:
    """Return the padding of targets that have their own length, as of another language."""
    if target.shape[:2] != rows.answers[place].shape[:2] or rows.answers[place].ndim < 3:
        return
    labels = labels_of(target)
    if labels is None or len(np.unique(labels)) < 4:  # 1 1 0 0 may be two classes
        return
    for one in padding_in([labels], [], None, None, None):
        where = _blank(one, labels.shape[1], rows.rows)
        if one.side == "post" and where.any() and not where.all():
            why = f"the targets end in {one.value}"
            yield Blank(place, name_of(rows, place), where, why)


def labels_of(target: np.ndarray) -> np.ndarray | None:
    """Return targets ``(batch, time)`` as class numbers, -1 for none; None if they are others."""
    if target.ndim == 3 and target.shape[2] == 1:
        target = target[:, :, 0]
    if target.ndim == 2 and (target.dtype.kind in "iu" or (target == np.round(target)).all()):
        return target.astype("int64")
    if target.ndim == 3 and np.isin(target, (0, 1)).all() and (target.sum(axis=2) <= 1).all():
        return np.where(target.any(axis=2), target.argmax(axis=2), -1)
    return None


def other_answers(rows: Scored, blank: Blank, share: float = 0.7) -> Scored:
    """Return the rows with other answers where nothing should count: still numbers of that kind."""
    answer = rows.answers[blank.place]
    moved = np.where(answer == 0, 0.25, answer * share).astype(answer.dtype)
    if answer.ndim > blank.where.ndim and answer.shape[-1] > 1:
        moved = np.roll(moved, 1, axis=-1)
    where = blank.where.reshape(blank.where.shape + (1,) * (answer.ndim - blank.where.ndim))
    return rows.answered(blank.place, np.where(where, moved, answer))


def counted(subject: Subject, rows: Scored, blank: Blank) -> tuple[bool, float, float]:
    """Return whether other answers there change the loss, and the loss before and after."""
    before = loss_of(subject, rows)
    after = loss_of(subject, other_answers(rows, blank))
    if before.ndim or not np.isfinite(before):
        raise Undecided(f"the loss of batch {subject.batch.index} is {before}")
    return differ(before, after, 1e-6), float(before), float(after)


def unscored(subject: Subject, rows: Scored) -> Iterator[Blank]:
    """Return steps and rows that the loss does not count, by weights, masks, labels or padding."""
    names = [name_of(rows, place) for place in range(len(rows.answers))]
    for place, (weight, mask) in enumerate(zip(rows.weights, rows.masks, strict=True)):
        if weight is not None and weight.shape == rows.answers[place].shape[: weight.ndim]:
            yield Blank(place, names[place], weight == 0, "sample weight 0")
        if mask is not None and mask.shape == rows.answers[place].shape[: mask.ndim]:
            yield Blank(place, names[place], ~mask.astype(bool), "masked")
        target = None if rows.targets is None else rows.targets[place]
        labels = None if target is None or target.ndim < 2 else labels_of(target)
        if labels is not None and labels.shape == rows.answers[place].shape[:2]:
            yield Blank(place, names[place], labels < 0, "labels below 0")
    if subject.batch.y is not None:
        yield from padded_steps(subject, rows)
