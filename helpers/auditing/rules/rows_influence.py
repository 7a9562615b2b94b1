"""RE204: the answer to a row depends on the other rows of its batch."""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from helpers.auditing.mixing import mixed_rows
from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import Subject

RULE = Rule(
    code="RE204",
    name="rows-influence",
    severity="error",
    title="Rows of one batch change each other's answers",
    does=(
        "Gives one row to the model in inference mode, alone and with other rows, with the same "
        "padding each time, and compares the answers to it."
    ),
    why=(
        "The answer to a row is then another one for each batch that it stands in: in `predict`, "
        "with another batch size, in a shuffled epoch, in the last, smaller batch."
    ),
    fix=(
        "Leave axis 0 alone: take means, softmax and norms over other axes, keep the first axis "
        "in every reshape, and run BatchNormalization with training=False in inference."
    ),
    chapter="tail-batches#padding-rows-change-your-scores-silently",
)


def check(subject: Subject) -> Iterator[Found]:
    """Compare a row's answers alone and beside others."""
    mixed = mixed_rows(subject)
    if mixed is None:
        return
    where = f"layer {mixed.first}" if mixed.first else "the model"
    if mixed.moved:
        measured = f"answers move by {mixed.moved:.2g}, row {mixed.row} alone and among"
        measured += f" {mixed.rows} rows with as much padding"
        if mixed.shape:
            measured += f"; {mixed.shape}"
        begins = f", first in {mixed.first}" if mixed.first else ""
        yield Found(f"rows of one batch change each other's answers{begins}", where, measured)
    else:
        yield Found("the answers cannot be told apart by row: rows are mixed", where, mixed.shape)


def _model(centred: Callable) -> keras.Model:
    inputs = keras.Input((3,))
    h = keras.layers.Lambda(centred, name="centred")(keras.layers.Dense(4)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(h))
    model.compile("sgd", "mse")
    return model


def _rows() -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).normal(size=(8, 3)).astype("float32"), np.ones((8, 1))


def broken() -> dict:
    """Subtract the mean over the rows of the batch."""
    model = _model(lambda h: h - keras.ops.mean(h, axis=0, keepdims=True))
    return {"model": model, "data": _rows()}


def mended() -> dict:
    """Subtract the mean over the features of each row."""
    model = _model(lambda h: h - keras.ops.mean(h, axis=-1, keepdims=True))
    return {"model": model, "data": _rows()}
