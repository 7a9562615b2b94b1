"""The trace of a mask compares the call with predict, and says where they disagree."""

import logging
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import pytest
from keras import layers
from trace_models import (
    BATCH_TIME_5,
    BEFORE,
    functional,
    ids,
    patched,
    path_of,
    series,
    traced,
)

from helpers import masking

pytestmark = [
    pytest.mark.any_backend,
    # Keras warns already when a Functional model is put together.
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask"),
]

NEW_TIME_DISTRIBUTED = (3, 14) <= tuple(map(int, keras.__version__.split(".")[:2])) < (3, 16)


@pytest.mark.slow
def test_predict_disagrees_with_the_eager_call_where_time_distributed_is_broken():
    each = layers.TimeDistributed(layers.Dense(5), name="each")
    model = keras.Sequential([layers.Masking(name="masking"), each, layers.LSTM(2)])
    trace = traced(model, series(), predict=True)
    if keras.backend.backend() == "tensorflow" and NEW_TIME_DISTRIBUTED:
        wrong = "(batch 4, time 4, features 5)"
        assert trace.notes == (
            "each: after a batch (batch 4, time 4, features 3) predict returns "
            f"{wrong}, not {BATCH_TIME_5} as when called directly",
        )
    else:
        assert trace.notes == ()


@pytest.mark.slow
def test_predict_disagrees_where_a_layer_loses_the_mask_there():
    class Moody(layers.Layer):
        supports_masking = True

        def compute_mask(self, inputs, mask=None):
            self.calls += 1
            return mask if self.calls <= 3 else None

        def call(self, x):
            return x * 1.0

    moody = Moody(name="moody")
    moody.calls = 0
    model = functional(moody)
    moody.calls = 0  # then there are two eager runs and one on shapes
    trace = traced(model, predict=True)
    assert path_of(trace)[1] == ("moody", "kept")
    missing = "predict's output has no mask, but has one when called directly"
    assert trace.notes == (f"moody: {missing}",)


@pytest.mark.slow
def test_predict_that_raises_is_a_note():
    class Shy(layers.Layer):
        calls = 0

        def call(self, x):
            Shy.calls += 1
            if Shy.calls > 3:
                raise RuntimeError("no more")
            return x * 1.0

    model = functional(Shy(name="shy"))
    Shy.calls = 0
    trace = traced(model, predict=True)
    assert trace.notes == ("predict_on_batch was not compared: it raised RuntimeError",)
    assert patched() == BEFORE


@pytest.mark.slow
def test_a_model_for_one_length_is_compared_at_that_length_only():
    inputs = keras.Input((9,), dtype="int32")
    h = layers.Flatten(name="flat")(layers.Embedding(20, 5, name="embed")(inputs))
    trace = traced(keras.Model(inputs, layers.Dense(2, name="dense")(h)), predict=True)
    assert [step.where for step in trace.steps] == ["embed", "flat", "dense"]
    assert trace.notes == ()


@pytest.mark.slow
def test_the_run_through_predict_can_be_left_out(caplog):
    caplog.set_level(logging.WARNING, logger="tensorflow")
    said = "5 out of the last 5 calls to f triggered tf.function retracing."

    class Loud(layers.Layer):
        calls = 0

        def call(self, x):
            Loud.calls += 1
            if Loud.calls > 3:  # two eager runs and one on shapes; then comes predict
                logging.getLogger("tensorflow").warning(said)
                raise RuntimeError("no more")
            return x * 1.0

    def remarks(**options):
        Loud.calls = 0
        model = functional(Loud(name="loud"))
        Loud.calls = 0
        return masking.trace(model, ids(), **options).remarks

    (remark,) = remarks()
    assert "predict_on_batch was not compared" in remark
    assert remarks(predict=False) == ()
    # What a probe makes TensorFlow say is none of the reader's business.
    assert caplog.records == []
