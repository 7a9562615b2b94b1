"""RE201: the mask ends before the layer that needs it, and padding gets in there."""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE201",
    name="mask-lost",
    severity="error",
    title="A layer drops the mask, and padding changes the answers",
    does=(
        "Follows the mask through the model, call by call, and measures how far the answers move "
        "when the same rows get more padding."
    ),
    why=(
        "Behind the layer that dropped the mask, padding counts as data: the same row gets another "
        "answer in a batch with a longer one. Keras warns at most once, and trains on."
    ),
    fix="Pass the mask on by hand, or put a layer there that keeps it; see the chapter.",
    chapter="masking#where-it-dies-with-a-warning",
)


def check(subject: Subject) -> Iterator[Found]:
    """Find the layer that dropped the mask, if padding changes the answers behind it."""
    subject.need_padding()
    lost = subject.trace.lost
    if not lost:
        raise NothingToCheck("the model loses no mask")
    leak = subject.leak
    if isinstance(leak, str):
        raise Undecided(
            f"the mask ends at {lost[0].where}, but padding could not be varied: {leak}"
        )
    if leak.leaks is None:
        raise Undecided(f"the mask ends at {lost[0].where}, but {leak.reason}")
    if leak.leaks and leak.mask_lost_at:
        fate = next((step.fate for step in lost if step.name == leak.mask_lost_at), "dropped")
        reader = f" and {leak.first_layer} reads it" if leak.first_layer else ""
        yield Found(
            f"the mask is {fate} at {leak.mask_lost_at}; behind it padding counts as data{reader}",
            f"layer {leak.mask_lost_at}",
            f"answers move by {leak.moved:.2g} when the same rows get more padding "
            f"(tolerance {leak.tolerance:g})",
        )


def _rows() -> tuple[np.ndarray, np.ndarray]:
    ids = np.array([[3, 5, 2, 4], [2, 6, 0, 0], [7, 0, 0, 0], [4, 4, 3, 0]])
    return ids, np.ones((4, 3), "float32")


def _model(squash: Callable) -> keras.Model:
    inputs = keras.Input((None,), dtype="int32")
    h = keras.layers.Embedding(9, 4, mask_zero=True)(inputs)
    model = keras.Model(inputs, keras.layers.LSTM(3)(squash(h)))
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Use a plain operation: what it returns has no mask, and the LSTM needs one."""
    return {"model": _model(keras.ops.tanh), "data": _rows()}


def mended() -> dict:
    """Use a layer that passes the mask on."""
    return {"model": _model(keras.layers.Activation("tanh")), "data": _rows()}
