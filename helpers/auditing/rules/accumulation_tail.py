"""RE406: gradients are accumulated over a number of batches that does not fit the epoch."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import names_kept

RULE = Rule(
    code="RE406",
    name="accumulation-tail",
    severity="warning",
    title="Accumulated gradients are left over at the end of an epoch",
    does=(
        "Divides the batches of an epoch by the optimizer's `gradient_accumulation_steps`, counts "
        "the updates that an optimizer of the installed Keras makes, and compares the last batch "
        "with the others."
    ),
    why=(
        "What is left over waits for the next epoch's batches, and after the last epoch it is "
        "lost. Keras takes the plain mean of the accumulated gradients, so each row of a short "
        "batch counts more than one of a full batch."
    ),
    fix=(
        "Choose `gradient_accumulation_steps` and `batch_size` so that an epoch has a multiple of "
        "full batches, or drop the short batch from training and shuffle."
    ),
    chapter="tail-batches#the-ladder-of-fixes",
)

_SHORT = 0.5  # of a full batch: rows of a shorter one count twice as much


def check(subject: Subject) -> Iterator[Found]:
    """Compare the batches of an epoch with the accumulation of the optimizer."""
    every = _every(getattr(subject.model, "optimizer", None))
    if not every:
        raise NothingToCheck("the optimizer accumulates no gradients")
    steps = subject.fit.get("steps_per_epoch")
    count = steps or subject.data.count
    if not count:
        raise Undecided(
            "the number of batches in an epoch is unknown; give fit={'steps_per_epoch': ...}"
        )
    where = f"the optimizer, gradient_accumulation_steps={every}"
    tail = _tail(subject, count)
    short = f"; the last batch has {tail[1]} rows, the others {tail[0]}" if tail else ""
    epochs = subject.fit.get("epochs") or 1
    if count % every:
        lost = count * epochs % every
        yield Found(
            f"an epoch of {count} batches is no multiple of {every}: the gradients of its last "
            f"{count % every} flow into the next epoch; after {epochs} epochs those of {lost} are "
            "lost",
            where,
            f"{_updates(count, every)} updates in {count} batches of an epoch, "
            f"{count % every} gradients left over{short}",
        )
    elif tail and tail[1] <= _SHORT * tail[0]:
        yield Found(
            f"the last batch has {tail[1]} rows, the others {tail[0]}, and its gradient counts as "
            f"much as theirs: its rows weigh {tail[0] / tail[1]:.3g} times as much",
            where,
            f"{count} batches, {_updates(count, every)} updates, last batch {tail[1]} rows of "
            f"{tail[0]}",
        )


def _every(optimizer: Any) -> int | None:
    """Return over how many batches gradients are accumulated, of an optimizer in others, too."""
    while optimizer is not None:
        if every := getattr(optimizer, "gradient_accumulation_steps", None):
            return int(every)
        optimizer = getattr(optimizer, "inner_optimizer", None)
    return None


def _tail(subject: Subject, count: int) -> tuple[int, int] | None:
    """Return the rows of a full batch and of the last one, if that is in the epoch and shorter."""
    looked = [batch for batch in subject.data.looked if batch.rows]
    if not looked or looked[-1].index != count - 1:
        return None
    full, last = max(batch.rows or 0 for batch in looked), looked[-1].rows or 0
    return (full, last) if last < full else None


def _updates(count: int, every: int) -> int:
    """Count the updates that as many gradients make, by an optimizer that accumulates them."""
    most = every * 3
    whole, rest = (0, count) if count <= most else divmod(count, every)
    with names_kept():
        optimizer = keras.optimizers.SGD(1.0, gradient_accumulation_steps=every)
        variable = keras.Variable(np.zeros(1, "float32"))
        optimizer.build([variable])
        gradient = keras.ops.ones(1)
        for _ in range(rest):
            optimizer.apply([gradient], [variable])
    return whole + round(-float(keras.ops.convert_to_numpy(variable)[0]))


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(gradient_accumulation_steps=4), "mse")
    return model


def _rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(count, 3)).astype("float32")
    return x, x[:, :1]


def broken() -> dict:
    """Make six batches of 22 rows, and update after four."""
    return {"model": _model(), "data": _rows(22), "fit": {"batch_size": 4, "epochs": 3}}


def mended() -> dict:
    """Make eight full batches."""
    return {"model": _model(), "data": _rows(32), "fit": {"batch_size": 4, "epochs": 3}}
