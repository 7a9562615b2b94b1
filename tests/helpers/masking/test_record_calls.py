"""`record_calls`: the calls of this thread in order, with masks and warnings, and no others."""

import os
import threading

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pytest
from keras import layers, ops
from keras.src.layers import layer as layer_module
from trace_models import BEFORE, functional, ids, patched

from helpers.masking import recording
from helpers.masking.recording import record_calls

pytestmark = [
    pytest.mark.any_backend,
    # Keras warns already when a Functional model is put together.
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask"),
]


def test_blocks_may_be_nested():
    model = functional(layers.Dense(3, name="dense"))
    with record_calls() as outer:
        model(ids())
        with record_calls() as inner:
            model(ids())
        assert patched() != BEFORE
    kinds = ["Functional", "Embedding", "Dense"]
    assert [call.kind for call in inner] == kinds
    assert [call.kind for call in outer] == kinds * 2
    assert {call.call_number for call in outer} == {1}
    assert patched() == BEFORE


def test_other_threads_are_not_recorded():
    model = functional(layers.Dense(3))
    with record_calls() as calls:
        thread = threading.Thread(target=model, args=(ids(),))
        thread.start()
        thread.join()
    assert calls == []


def test_blocks_of_two_threads_may_overlap():
    first_is_open, second_is_open, first_is_closed = (threading.Event() for _ in range(3))
    seen = []

    def second():
        first_is_open.wait(60)
        with record_calls() as calls:
            second_is_open.set()
            first_is_closed.wait(60)
            layers.Dense(2)(np.zeros((1, 2), "float32"))
            seen.extend(calls)

    thread = threading.Thread(target=second)
    thread.start()
    with record_calls():
        first_is_open.set()
        second_is_open.wait(60)
    first_is_closed.set()
    thread.join()
    assert [call.kind for call in seen] == ["Dense"]
    assert patched() == BEFORE


def test_a_call_that_failed_is_not_kept():
    class Bad(layers.Layer):
        def __init__(self):
            super().__init__(name="bad")
            self.dense = layers.Dense(2, name="before")

        def call(self, x):
            raise RuntimeError(str(self.dense(x).shape))

    class Careful(layers.Layer):
        def __init__(self):
            super().__init__(name="careful")
            self.good, self.bad = layers.Dense(2, name="good"), Bad()

        def call(self, x):
            try:
                return self.bad(x)
            except RuntimeError:
                return self.good(x)

    with record_calls() as calls:
        Careful()(np.zeros((2, 3), "float32"))
    assert [call.name for call in calls] == ["careful", "good"]


def test_what_happens_inside_compute_mask_is_not_recorded():
    class Inverting(layers.Layer):
        supports_masking = True

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else ops.logical_not(mask)

        def call(self, x):
            return x + x

    model = functional(Inverting())
    with record_calls(look_inside=True) as calls:
        model(recording.specs(ids()))
    kinds = [call.kind for call in calls if call.kind != "ConvertToTensor"]
    assert kinds == ["Functional", "Embedding", "Inverting", "Add"]
    assert calls[-2].mask_out[0] is not None


def test_warnings_of_other_kinds_still_come_through():
    with record_calls(), pytest.warns(UserWarning, match="something else"):
        layer_module.warnings.warn("something else")


def test_calls_carry_what_the_docstring_promises():
    model = functional(lambda h: layers.Conv1D(2, 1, name="conv")(h))
    with record_calls() as calls:
        model(ids())
    conv = calls[-1]
    assert conv.path == (model.name,)
    assert conv.depth == 1
    assert conv.warned
    assert not conv.takes_mask
    assert conv.parent is calls[0]
    assert calls[0].inside == "graph"
    assert calls[0].depth == 0
    assert conv.mask_in[0] is not None
    assert conv.mask_out == [None]
    assert tuple(conv.inputs[0].shape) == (4, 9, 5)
    assert tuple(conv.outputs[0].shape) == (4, 9, 2)
