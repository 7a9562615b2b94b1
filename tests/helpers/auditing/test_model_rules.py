"""Rules about the model: right programs that look like faults, and what cannot be decided."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_model import AttentionPooling
from audit_programs import compiled, ids, vectors
from keras import layers, ops

from helpers.auditing import audit
from helpers.masking import KeepMask

pytestmark = [
    pytest.mark.any_backend,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*destroy the mask"),
]


def on_words(*parts, masked=True):
    inputs = h = keras.Input((None,), dtype="int32")
    for part in (layers.Embedding(9, 4, mask_zero=masked), *parts):
        h = part(h)
    return keras.Model(inputs, h)


def said(report):
    return [finding.code for finding in report.findings]


class Own(layers.Layer):
    """A layer that supports masking: what it does to the steps, and to their mask."""

    def __init__(self, on_steps, on_mask=lambda mask: mask):
        super().__init__()
        self.supports_masking, self.on_steps, self.on_mask = True, on_steps, on_mask

    def call(self, x):
        return self.on_steps(x)

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else self.on_mask(mask)


def with_a_first_step(x):
    return ops.pad(x, [[0, 0], [1, 0], [0, 0]][: len(x.shape)], constant_values=1)


MEAN = layers.GlobalAveragePooling1D
RIGHT_MASKS = {
    "a step in front": lambda: Own(with_a_first_step, with_a_first_step),
    "shifted to the right": lambda: Own(lambda x: with_a_first_step(x)[:, :-1]),
    "every second step": lambda: Own(lambda x: x[:, ::2], lambda mask: mask[:, ::2]),
    "turned around": lambda: Own(lambda x: ops.flip(x, 1), lambda mask: ops.flip(mask, 1)),
    "repeated steps": lambda: Own(lambda x: ops.repeat(x, 2, 1), lambda m: ops.repeat(m, 2, 1)),
    "features alone": lambda: Own(lambda x: ops.tanh(x) * 2),
    "strides": lambda: KeepMask(layers.Conv1D(3, 2, strides=2)),
    "recurrence": lambda: layers.LSTM(3, return_sequences=True),
    "both directions": lambda: layers.Bidirectional(layers.GRU(2, return_sequences=True)),
    "per step": lambda: layers.TimeDistributed(layers.Dense(2)),
}


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("name", RIGHT_MASKS)
def test_right_masks_are_right(name, side):
    if (name, side) == ("shifted to the right", "pre"):
        pytest.skip("there the first real step holds padding")
    model = on_words(RIGHT_MASKS[name](), MEAN())
    report = audit(model, ids((6, 2, 5, 4), 6, side), select="RE203")
    assert (said(report), report.undecided) == ([], ())


def test_wrong_mask_that_nobody_uses_is_no_fault():
    model = on_words(AttentionPooling(ends=False), layers.Reshape((2, 2)), layers.LSTM(2))
    assert said(audit(model, ids(), select="RE203")) == []


def test_without_masks_there_is_no_wrong_one():
    report = audit(on_words(MEAN(), masked=False), ids(), select="RE203")
    assert report.passed[0].why == "no layer passes a mask on"


def test_wrong_mask_is_told_once_and_at_the_innermost_layer():
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True
            self.shorten = Own(lambda x: x[:, ::2])

        def call(self, x):
            return self.shorten(x)

    model = compiled(on_words(Block(), layers.Dense(1)))
    report = audit(model, (ids(), np.ones((4, 4, 1), "float32")))
    assert said(report) == ["RE203"]
    assert report.errors[0].where.startswith("layer own")


def test_step_that_a_mask_leaves_out_wrongly():
    last = Own(lambda x: 2 * x, lambda mask: ops.logical_and(mask, mask[:, :1] & mask[:, -1:]))
    report = audit(on_words(last, MEAN()), ids(), select="RE203")
    assert "False steps hold real steps alone" in report.errors[0].measured


def test_vectors_with_a_right_mask():
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(), layers.GRU(2)])
    assert said(audit(model, vectors(), select="RE203")) == []
