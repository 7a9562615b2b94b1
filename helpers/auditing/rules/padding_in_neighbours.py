"""RE205: a layer works over padded steps although it is given the mask, or in training alone."""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from helpers.auditing.calls import recorded
from helpers.auditing.causes import cause, reads_what_is_masked
from helpers.auditing.gathered import counted_padding, gathering
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.masking.recording import Call

RULE = Rule(
    code="RE205",
    name="padding-in-neighbours",
    severity="error",
    title="Padded steps count in statistics, or change real steps beside them",
    does=(
        "Runs each layer that gathers statistics in training mode, with more padded steps and "
        "without, and compares its statistics. Of layers that keep the mask, it replaces what the "
        "padded steps hold and compares the real steps."
    ),
    why=(
        "Batch normalisation without a mask takes padding for data: its mean and variance depend "
        "on how far batches are padded, and `predict` uses them. A convolution or a norm over "
        "time that only passes the mask on lets padding into the steps beside it."
    ),
    fix=(
        "Give the layer the mask: BatchNormalization and GlobalAveragePooling1D use one, "
        "`helpers.masking.KeepMask` does for convolutions and pooling; normalise over features."
    ),
    chapter="images-to-sequences-deeper#batch-normalisation-over-padding",
)


def check(subject: Subject) -> Iterator[Found]:
    """Find padding in the statistics of training, and in the real steps behind a kept mask."""
    _ = subject.outputs  # a model that cannot be called says so
    kept = any(_keeps(call) for call in recorded(subject))
    if not kept and not gathering(subject):
        raise NothingToCheck("no layer keeps a mask, and none gathers statistics over steps")
    subject.need_padding()
    found = [
        Found(
            f"{call.name} counts padded steps in the statistics that it gathers in training",
            f"layer {call.name}",
            f"7 more steps of padding move them by {moved:.2g}; the batch itself by {update:.2g}",
        )
        for call, moved, update in counted_padding(subject)
    ]
    if any(_keeps(call) and reads_what_is_masked(call) for call in recorded(subject)):
        leak = subject.leak
        reason = leak if isinstance(leak, str) else leak.reason if leak.leaks is None else ""
        if reason and not found:
            raise Undecided(reason)
        if not isinstance(leak, str) and leak.leaks and cause(subject, leak) == RULE.code:
            yield Found(
                f"{leak.first_layer} passes its mask on, but works over padded steps as well",
                f"layer {leak.first_layer}",
                f"answers move by {leak.moved:.2g} when the same rows get more padding "
                f"(tolerance {leak.tolerance:g})",
            )
    yield from found


def _keeps(call: Call) -> bool:
    if isinstance(call.layer, keras.layers.RNN | keras.layers.Bidirectional):
        return False  # they use the mask, and are slow
    both = (call.mask_in, call.mask_out)
    return not call.operation and all(any(m is not None for m in masks) for masks in both)


def _model(normalisation: Callable) -> keras.Model:
    inputs = keras.Input((None, 3))
    mask = keras.ops.any(keras.ops.not_equal(inputs, 0), axis=-1)
    h = normalisation(keras.layers.Dense(4)(inputs), mask)
    model = keras.Model(inputs, keras.layers.LSTM(2)(h, mask=mask))
    model.compile("sgd", "mse")
    return model


def _rows() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
    for row, length in enumerate((6, 2, 4, 3)):
        x[row, length:] = 0
    return x, np.ones((4, 2), "float32")


def broken() -> dict:
    """Normalise over all steps of the batch, padded ones too."""
    return {
        "model": _model(lambda h, mask: keras.layers.BatchNormalization()(h)),
        "data": _rows(),
    }


def mended() -> dict:
    """Give the mask to the normalisation too."""
    return {
        "model": _model(lambda h, mask: keras.layers.BatchNormalization()(h, mask=mask)),
        "data": _rows(),
    }
