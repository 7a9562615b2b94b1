"""RE402: the loss grows with the number of rows of a batch."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.scores import Scored, differ, loss_of, need_loss, scored
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import layers_of

RULE = Rule(
    code="RE402",
    name="loss-by-batching",
    severity="error",
    title="The loss grows with the number of rows in a batch",
    does=(
        "Computes the loss of some rows, and of the same rows two and three times over. A mean "
        "over rows stays where it is; a sum, or one that is divided by a fixed number, grows."
    ),
    why=(
        "The gradient then grows with the batch as well: another `batch_size` is another learning "
        "rate, the short last batch counts less, and the losses of training and validation cannot "
        "be compared."
    ),
    fix=(
        "Return one number for each row (or each step) from the loss, and leave the mean over the "
        "batch to Keras, with its default reduction."
    ),
    chapter="masking#a-loss-that-depends-on-the-batches",
)


def check(subject: Subject) -> Iterator[Found]:
    """Compare the loss of rows with that of the same rows several times."""
    need_loss(subject)
    rows = scored(subject)
    n = rows.rows
    where = "the loss of the model"
    once = loss_of(subject, rows)
    if once.ndim:
        yield Found(
            f"the loss of a batch is no number, but has the shape {once.shape}: TensorFlow takes "
            "the sum of its gradients, other backends raise",
            where,
            f"{n} rows: loss of shape {once.shape}",
        )
        return
    if not np.isfinite(once):
        raise Undecided(f"the loss of batch {subject.batch.index} is {once:g}")
    losses = [_loss(subject, rows), *_repeated(subject, rows)]
    grown, again = losses[1] - losses[0], losses[2] - losses[0]
    if differ(losses[0], losses[1], 1e-3) and _sums(grown, again):
        _activity(subject, rows)
        yield Found(
            "the loss is a sum over the rows of a batch, or divided by a fixed number: twice as "
            f"many rows make it {losses[1] / losses[0]:.3g} times as large",
            where,
            f"loss {losses[0]:.4g} of {n} rows, {losses[1]:.4g} of the same rows twice, "
            f"{losses[2]:.4g} three times",
        )
        return
    _tell_apart(subject, rows, losses[0])


def _repeated(subject: Subject, rows: Scored) -> list[float]:
    """Return the loss of all rows twice and three times over."""
    return [_loss(subject, rows.take(np.tile(np.arange(rows.rows), n))) for n in (2, 3)]


def _loss(subject: Subject, rows: Scored) -> float:
    """Return the loss of rows; layers that add losses see the rows first."""
    if getattr(subject.model, "losses", None):
        try:
            subject.model(rows.x, training=False)
        except Exception:
            raise Undecided("the model adds losses, and takes one number of rows") from None
    return float(loss_of(subject, rows))


def _activity(subject: Subject, rows: Scored) -> None:
    """Say where only the penalty of an activity_regularizer grows: a matter of Keras's version."""
    if all(layer.activity_regularizer is None for layer in layers_of(subject.model)):
        return
    n = rows.rows  # the penalty of the last call stays in the loss while the rows change
    if not differ(loss_of(subject, rows), loss_of(subject, rows.take(np.arange(2 * n) % n))):
        raise Undecided(
            f"on Keras {keras.__version__} the penalty of activity_regularizer is a sum over the "
            "rows of a batch; later versions divide it by their number"
        )


def _sums(grown: float, again: float) -> bool:
    """Whether three times the rows add at least twice what two times added: a sum, no logarithm."""
    return bool(np.isfinite([grown, again]).all() and again / grown > 1.98)


def _tell_apart(subject: Subject, rows: Scored, whole: float) -> None:
    """Say where a loss depends on its neighbours by what it is, which no batch can tell."""
    alone = [_loss(subject, rows.take([i])) for i in range(rows.rows)]
    if not differ(whole, np.mean(alone), 1e-3):
        return
    told = f"loss {whole:.4g} of {rows.rows} rows together, {np.mean(alone):.4g} row by row"
    if any(mask is not None for mask in rows.masks):
        raise NothingToCheck(
            f"{told}: under a mask, Keras takes the mean over the real steps of a batch. That is "
            'its design; masking.SequenceLoss(..., per="row") does not depend on the batches'
        )
    raise Undecided(
        f"{told}: it works across rows, as a Dice, a contrastive or a masked loss does; whether it "
        "should, only you know"
    )


def _model(loss: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", loss)
    return model


def _rows() -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).normal(size=(10, 3)).astype("float32"), np.ones((10, 2))


def broken() -> dict:
    """Sum the error over all rows of a batch."""

    def squared(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.sum(keras.ops.square(y_true - y_pred))

    return {"model": _model(squared), "data": _rows(), "fit": {"batch_size": 4}}


def mended() -> dict:
    """Sum the error of each row."""

    def squared(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.sum(keras.ops.square(y_true - y_pred), axis=-1)

    return {"model": _model(squared), "data": _rows(), "fit": {"batch_size": 4}}
