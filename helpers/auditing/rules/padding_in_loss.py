"""RE405: the loss counts what the model answers to padding."""

import contextlib
from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.real_steps import Blank, counted, name_of, padded_steps
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.scores import Scored, loss_of, need_loss, scored
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE405",
    name="padding-in-loss",
    severity="error",
    title="The loss counts padded steps",
    does=(
        "Changes what the model answers at padded steps, and nothing else, and computes the loss "
        "again."
    ),
    why=(
        "Half of what the model learns may then be to answer the padding's label. The loss looks "
        "good, since padding is easy, and it shrinks or grows with the longest row of a batch."
    ),
    fix=(
        "Let the mask reach the model's last layer, or give `sample_weight` of shape "
        "`(batch, time)` with 0 at padded steps, or a label that the loss skips: "
        "`SparseCategoricalCrossentropy(ignore_class=-1)`."
    ),
    chapter="masking#a-loss-that-depends-on-the-batches",
)


def check(subject: Subject) -> Iterator[Found]:
    """Change the answers to padding, output by output, and compare the losses."""
    need_loss(subject)
    if subject.batch.y is None:
        raise NothingToCheck("the data holds no targets")
    rows = scored(subject)
    if all(answer.ndim < 2 or answer.shape[1] == 1 for answer in rows.answers):
        raise NothingToCheck("the model answers once for each row")
    if rows.targets is None:
        raise Undecided("targets and outputs could not be paired; give them the same structure")
    if refused := _refused(subject, rows):
        yield refused
        return
    subject.need_padding()
    found = []
    blanks = list(padded_steps(subject, rows))
    for blank in blanks:
        moved, before, after = counted(subject, rows, blank)
        if moved:
            found.append(
                Found(
                    f"the loss counts {blank.said} of {blank.name} that are padding"
                    + _missing(subject, rows, blank),
                    f"{blank.name}, batch {subject.batch.index}",
                    f"loss {before:.5g}, and {after:.5g} with other answers at padded steps "
                    f"({blank.why})",
                )
            )
    if not blanks:
        raise NothingToCheck("no output answers step by step to an input that is padded")
    yield from found


def _refused(subject: Subject, rows: Scored) -> Found | None:
    """Return a fault if the loss can be computed only without the labels of padding."""
    try:
        value = loss_of(subject, rows)
        if np.isfinite(value).all():
            return None
        said = f"the loss is {value}"
    except Undecided as reason:
        said = str(reason)
    for place, target in enumerate(rows.targets or []):
        blank = _no_label(target)
        if rows.answers[place].ndim < 3 or not blank.any() or blank.all():
            continue  # numbers that are missing are no padding
        other = rows.targeted(place, np.where(blank, np.zeros((), target.dtype), target))
        if not np.isfinite(loss_of(subject, other)).all():
            continue
        held = ", ".join(f"{one:g}" for one in np.unique(target[blank])[:3])
        return Found(
            f"the loss cannot take what the targets of {name_of(rows, place)} are padded with "
            f"({held}); a mask or a weight of 0 only multiplies what comes out",
            f"{name_of(rows, place)}, batch {subject.batch.index}",
            f"{said}; with 0 at these {int(blank.sum())} places it is finite",
            "Pad the targets with a number that the loss can take, and keep these steps out by a "
            "mask or `sample_weight`; or let the loss skip them: "
            "`SparseCategoricalCrossentropy(ignore_class=-1)`.",
        )
    raise Undecided(said)


def _no_label(target: np.ndarray | None) -> np.ndarray:
    """Return where targets per step are no label: NaN, or a number below 0 among integers."""
    if target is None or target.ndim < 2 or target.dtype.kind not in "iuf":
        return np.zeros(1, bool)
    if np.isnan(target).any():
        return np.isnan(target)
    return target < 0 if (target == np.round(target)).all() else np.zeros(1, bool)


def _missing(subject: Subject, rows: Scored, blank: Blank) -> str:
    mask, weight = rows.masks[blank.place], rows.weights[blank.place]
    if weight is not None:
        return ": the sample weights are not 0 there"
    if mask is not None:
        return ", though the output has a mask"
    with contextlib.suppress(ValueError, TypeError, Undecided):
        for step in subject.trace.lost:
            return f": the mask is {step.fate} at {step.name}, and no sample weights are given"
    return ": no mask reaches it, and no sample weights are given"


def _rows() -> tuple[np.ndarray, np.ndarray]:
    ids = np.array([[3, 5, 2, 4], [2, 6, 0, 0], [7, 0, 0, 0], [4, 4, 3, 0]])
    return ids, ids % 3


def _model(last: keras.Layer) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(9, 4, mask_zero=True),
            keras.layers.LSTM(3, return_sequences=True),
            last,
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def broken() -> dict:
    """Lose the mask between the layer that uses it and the loss."""
    return {"model": _model(keras.layers.Conv1D(4, 1)), "data": _rows()}


def mended() -> dict:
    """Keep it: a Dense layer does the same to each step."""
    return {"model": _model(keras.layers.Dense(4)), "data": _rows()}
