"""RE203: a layer passes on a mask that does not fit its output."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.calls import recorded
from helpers.auditing.masks import wrong_masks
from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE203",
    name="mask-wrong",
    severity="error",
    title="A layer passes on a mask that does not fit its output",
    does=(
        "Compares the mask behind each layer with its output, at two lengths, and measures which "
        "steps of the output depend on real steps and which on padding alone."
    ),
    why=(
        "A layer that supports masking and computes none passes its input's mask on. If it takes "
        "every second step, pools, cuts or turns time around, that mask marks other steps than "
        "the real ones, or has another length: later layers and the loss raise, or skip data."
    ),
    fix=(
        "Write `compute_mask` so that it does to the mask what `call` does to time, and return "
        "None where time ends; `helpers.masking.KeepMask` does it for convolutions and pooling."
    ),
    chapter="masking#a-layer-of-your-own",
)


def check(subject: Subject) -> Iterator[Found]:
    """Find masks of a wrong size, and masks on wrong steps."""
    calls = recorded(subject)
    found = wrong_masks(subject)
    for wrong in found:
        yield Found(wrong.message, f"layer {wrong.call.name}", wrong.measured)
    if found:
        return
    _ = subject.outputs  # where the model cannot be called, the layers behind were not seen
    if not any(mask is not None for call in calls for mask in (*call.mask_out, *call.masks_given)):
        raise NothingToCheck("no layer passes a mask on")


class _EverySecond(keras.layers.Layer):
    """Take every second step, and maybe of the mask too."""

    def __init__(self, of_mask: bool):
        super().__init__(name="every_second")
        self.supports_masking, self.of_mask = True, of_mask

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return x[:, ::2]

    def compute_mask(
        self, inputs: keras.KerasTensor, mask: keras.KerasTensor | None = None
    ) -> keras.KerasTensor | None:
        return mask if mask is None or not self.of_mask else mask[:, ::2]


def _arguments(of_mask: bool) -> dict:
    ids = np.array([[3, 5, 2, 4, 1, 7], [2, 6, 0, 0, 0, 0], [7, 1, 4, 0, 0, 0], [4, 4, 3, 2, 5, 0]])
    inputs = keras.Input((None,), dtype="int32")
    h = keras.layers.Embedding(9, 4, mask_zero=True)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(_EverySecond(of_mask)(h)))
    model.compile("sgd", "mse")
    return {"model": model, "data": (ids, np.ones((4, 3, 1), "float32"))}


def broken() -> dict:
    """Take every second step, and pass the whole mask on."""
    return _arguments(of_mask=False)


def mended() -> dict:
    """Take every second step of the mask too."""
    return _arguments(of_mask=True)
