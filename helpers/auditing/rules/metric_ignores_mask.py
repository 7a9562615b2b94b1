"""RE404: a metric counts steps or rows that the loss leaves out."""

from collections.abc import Iterator
from dataclasses import replace

import keras
import numpy as np

from helpers.auditing.real_steps import Blank, counted, labels_of, other_answers, unscored
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.scores import Scored, differ, need_loss, need_metrics, scored, scores_of
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE404",
    name="metric-ignores-mask",
    severity="warning",
    title="A metric counts what the loss leaves out",
    does=(
        "Looks for steps and rows whose answers do not change the loss: masked, padded, or of "
        "weight 0. Changes the answers there, or takes these steps away, and computes the metrics "
        "again."
    ),
    why=(
        "Metrics in `metrics=` get no sample weights, and only a loss knows of `ignore_class`. "
        "Padding then makes up part of the score. A function that returns one number for a batch "
        "raises under a mask."
    ),
    fix=(
        "Put the metric into `weighted_metrics=`, and let a function return one number for each "
        "step, so that Keras can leave steps out."
    ),
    chapter="masking#metrics-and-weights-for-each-step",
)


def check(subject: Subject) -> Iterator[Found]:
    """Change what should not count, and look which metrics move."""
    need_loss(subject)
    rows = scored(subject)
    try:
        need_metrics(subject)
    except Undecided as reason:
        yield _raises(subject, rows, str(reason))
        return
    blanks = [one for one in unscored(subject, rows) if one.where.any() and not one.where.all()]
    blanks = [one for one in blanks if not counted(subject, rows, one)[0]]
    if not blanks:
        raise NothingToCheck("the loss leaves no step and no row of the batch out")
    if rows.targets is None:
        raise Undecided("targets and outputs could not be paired; give them the same structure")
    told: dict[str, Found] = {}
    for blank in blanks:
        for name, measured in _moved(subject, rows, blank):
            told.setdefault(
                name,
                Found(
                    f"the metric {name} counts {blank.said} of {blank.name} that the loss leaves "
                    f"out ({blank.why})",
                    f"metric {name}, batch {subject.batch.index}",
                    measured,
                ),
            )
    yield from told.values()


def _raises(subject: Subject, rows: Scored, said: str) -> Found:
    """Return what metrics that raise are: not made for the mask or the weights, or Undecided."""
    bare = replace(rows, masks=[None] * len(rows.masks))
    unweighted = replace(rows, weight=None)
    for changed, what in ((bare, "mask"), (unweighted, "sample weights")):
        try:
            scores_of(subject, [changed])
        except Undecided:
            continue
        return Found(
            f"the metrics cannot take the {what} of the output: a function that returns one number "
            "for a batch has nothing left to be masked or weighed",
            f"metrics, batch {subject.batch.index}",
            f"{said}; without the {what} they run",
        )
    raise Undecided(said)


def _moved(subject: Subject, rows: Scored, blank: Blank) -> Iterator[tuple[str, str]]:
    """Return the metrics that move, with what was measured."""
    right = _right(rows, blank)
    before = scores_of(subject, [right])
    after = scores_of(subject, [other_answers(right, blank)])
    for name, value in before.items():
        if differ(value, after[name], 1e-4):
            yield name, f"{_said(value)}, and {_said(after[name])} with other answers there"
    only = [(right, _without_rows(right, blank))] if blank.where.ndim == 1 else []
    if blank.where.ndim == 2 and len(rows.answers) == 1:
        only = [_row_and_its_real_steps(right, blank)]
    for full, less in only:
        try:
            whole, part = scores_of(subject, [full]), scores_of(subject, [less])
        except Undecided:
            return  # the metric takes only one number of steps
        for name, value in whole.items():
            if differ(value, part[name], 1e-3):
                yield name, f"{_said(value)}, and {_said(part[name])} without them"


def _right(rows: Scored, blank: Blank) -> Scored:
    """Return the rows with answers that are right or nearly, so that no score is 0 for all."""
    answer = rows.answers[blank.place]
    target = (rows.targets or [])[blank.place]
    if target is None:
        return rows
    if target.shape == answer.shape:
        return rows.answered(blank.place, target * 0.9 + 0.05)
    labels = labels_of(target) if target.ndim > 1 else target
    classes = answer.shape[-1]
    if labels is None or classes < 2 or labels.shape[: answer.ndim - 1] != answer.shape[:-1]:
        return rows
    known = np.clip(labels, 0, classes - 1).astype(int)
    return rows.answered(blank.place, np.eye(classes)[known] * 0.9 + 0.1 / classes)


def _without_rows(rows: Scored, blank: Blank) -> Scored:
    return rows.take(np.flatnonzero(~blank.where))


def _row_and_its_real_steps(rows: Scored, blank: Blank) -> tuple[Scored, Scored]:
    """Return the row with most that should not count but something that should, and its rest."""
    counts = blank.where.sum(axis=1)
    counts[counts == blank.where.shape[1]] = -1
    at = int(np.argmax(counts))
    one = rows.take([at])
    return one, one.only_steps(~blank.where[at])


def _said(value: np.ndarray) -> str:
    return np.array2string(value, precision=4, threshold=6) if value.ndim else f"{value:.4g}"


def _model(**metrics: list) -> keras.Model:
    model = keras.Sequential(
        [keras.Input((None, 2)), keras.layers.GRU(3, return_sequences=True), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse", **metrics)
    return model


def _rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    real = (np.arange(6) < np.array([[6], [2], [4], [3]])).astype("float32")
    x = np.random.default_rng(0).normal(size=(4, 6, 2)).astype("float32") * real[..., None]
    return x, x[..., :1], real


def broken() -> dict:
    """Give weights per step, and a metric that does not get them."""
    return {"model": _model(metrics=["mae"]), "data": _rows()}


def mended() -> dict:
    """Give the metric the weights, too."""
    return {"model": _model(weighted_metrics=["mae"]), "data": _rows()}
