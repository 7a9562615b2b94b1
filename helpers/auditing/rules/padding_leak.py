"""RE202: padding changes the answers, and no mask keeps it out."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.causes import cause
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import Subject

RULE = Rule(
    code="RE202",
    name="padding-leak",
    severity="error",
    title="Padding changes the answers of the model",
    does=(
        "Gives some rows of a batch to the model alone, without padding, and then together with "
        "more padding than they need, with random weights; compares the real steps of the answers."
    ),
    why=(
        "The answer to a row then depends on the longest row of its batch. It is another one in "
        "`predict` than in `fit`, and another one for each batch size."
    ),
    fix="Give the padded steps a mask, with Masking, mask_zero=True or mask= of the layer.",
    chapter="masking#what-masking-after-embedding-does",
)


def check(subject: Subject) -> Iterator[Found]:
    """Measure what padding changes, where no rule with a narrower name says why."""
    padding = subject.need_padding()
    leak = subject.leak
    if isinstance(leak, str):
        raise Undecided(leak)
    if leak.leaks is None:
        raise Undecided(leak.reason)
    if leak.leaks and cause(subject, leak) == RULE.code:
        one = padding[0]
        begins = f", first in {leak.first_layer}" if leak.first_layer else ""
        yield Found(
            f"padding changes the answers{begins}: {leak.reason}",
            f"layer {leak.first_layer}" if leak.first_layer else "the model",
            f"answers move by {leak.moved:.2g} when the same rows get more padding, {one.side}, "
            f"value {one.value} (tolerance {leak.tolerance:g})",
        )


def _rows() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(4, 6, 2)).astype("float32")
    for row, length in enumerate((6, 2, 4, 3)):
        x[row, length:] = 0
    return x, np.ones((4, 3), "float32")


def broken() -> dict:
    """Feed padded rows to an LSTM that knows nothing of padding."""
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(3)])
    model.compile("sgd", "mse")
    return {"model": model, "data": _rows()}


def mended() -> dict:
    """Mask the padded steps."""
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.Masking(), keras.layers.LSTM(3)])
    model.compile("sgd", "mse")
    return {"model": model, "data": _rows()}
