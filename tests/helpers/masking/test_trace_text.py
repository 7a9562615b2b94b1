"""The trace of a mask in words: bad arguments, names of axes, the text and the table."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers
from trace_models import BATCH_TIME_5, LENGTHS, REAL, functional, ids, series, traced

from helpers import figures, masking
from helpers.masking import trace_axes, trace_table

pytestmark = [
    pytest.mark.any_backend,
    # Keras warns already when a Functional model is put together.
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask"),
]


# --- names of axes -------------------------------------------------------------------------------


def test_names_of_axes():
    model = keras.Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
    trace = traced(model, np.zeros((4, 8, 7, 3), "float32"))
    assert trace.batch == ("(batch 4, height 8, width 7, features 3)",)
    assert [step.outputs[0] for step in trace.steps] == [
        "(batch 4, height 6, width 5, features 4)",
        "(batch 4, features 120)",
        "(batch 4, features 2)",
    ]
    video = keras.Sequential([layers.TimeDistributed(layers.GlobalAveragePooling2D())])
    trace = traced(video, np.zeros((4, 9, 8, 7, 3), "float32"))
    assert trace.batch == ("(batch 4, time 9, height 8, width 7, features 3)",)
    assert trace.steps[0].outputs == ("(batch 4, time 9, features 3)",)


def test_names_of_odd_shapes():
    names = trace_axes.Names([series()], [None])
    assert names.shape((4, 7, 5)) == "(batch 4, time 7, features 5)"
    assert names.shape((4, 5, 9)) == "(batch 4, ? 5, time 9)"
    assert names.shape((4, 9)) == "(batch 4, time 9)"
    assert names.shape((4, 5)).endswith("features 5)")
    assert names.shape((4, 2, 9, 9)) == "(batch 4, ? 2, time 9, time 9)"
    assert names.shape((4, 9, 2, 6)) == "(batch 4, time 9, ? 2, features 6)"
    assert names.shape((4, 7), "int32") == names.shape((4, 7), "bool") == "(batch 4, time 7)"
    assert names.shape((36, 5)) == "(? 36, features 5)"
    assert names.shape(()) == "()"
    assert names.shape((4,)) == "(batch 4)"
    assert names.shape((4, 1, 1, 1, 1, 1)) == "(batch 4, ? 1, ? 1, ? 1, ? 1, ? 1)"


def test_axes_can_be_given():
    model = keras.Sequential([layers.Dense(2), layers.LSTM(5)])
    trace = traced(model, series(), axes=("batch", "step", "sensor"))
    assert trace.batch == ("(batch 4, step 9, sensor 3)",)
    assert trace.steps[0].outputs == ("(batch 4, step 9, sensor 2)",)
    assert trace.steps[1].outputs == ("(batch 4, features 5)",)
    for bad in (("batch", "time"), [("batch", "time", "features")] * 2, {"a": ("batch",)}):
        with pytest.raises(ValueError, match=r"^axes: expected"):
            traced(model, series(), axes=bad)


# --- arguments and printing ----------------------------------------------------------------------


def test_bad_arguments():
    model = functional(layers.LSTM(3))
    with pytest.raises(TypeError, match=r"^model: expected a Keras model or layer, got str"):
        masking.trace("model", ids())
    with pytest.raises(TypeError, match=r"^batch: expected .* got None"):
        masking.trace(model, None)
    with pytest.raises(TypeError, match=r"^batch: expected an array .* got int"):
        masking.trace(model, [[1, 2], [3, 4]])
    with pytest.raises(TypeError, match=r"^batch: expected an array .* got \[\]"):
        masking.trace(model, [])
    with pytest.raises(ValueError, match=r"^batch: expected arrays .* got a scalar"):
        masking.trace(model, np.array(3))
    with pytest.raises(TypeError, match=r"^lengths: expected whole numbers"):
        masking.trace(model, ids(), lengths=[1.5, 2, 3, 4])
    with pytest.raises(ValueError, match=r"^lengths: expected one per row .* which has 4, got 3"):
        masking.trace(model, ids(), lengths=[1, 2, 3])
    with pytest.raises(ValueError, match=r"^lengths: expected 0 to 9.* got 1 to 10"):
        masking.trace(model, ids(), lengths=[1, 2, 3, 10])
    flat = keras.Sequential([layers.Dense(2)])
    with pytest.raises(ValueError, match=r"^lengths: expected a batch with a time axis"):
        masking.trace(flat, np.zeros((4, 3), "float32"), lengths=LENGTHS)


def test_the_text():
    model = functional(lambda h: layers.LSTM(3, name="lstm")(h + h))
    trace = traced(model)
    add = trace.steps[1].name
    lines = [line.rstrip() for line in str(trace).splitlines()]
    assert lines[0].endswith("(Functional), called with (batch 4, time 9)")
    assert [" ".join(line.split()) for line in lines[4:9]] == [
        f"embed (batch 4, time 9) none → {REAL} born",
        f"→ {BATCH_TIME_5}",
        f"{add} {BATCH_TIME_5} {REAL} → none dropped silently",
        f"lstm {BATCH_TIME_5} none no mask",
        "→ (batch 4, features 3)",
    ]
    assert lines[-1] == f"Lost: {add} (dropped silently)."
    assert max(map(len, lines)) <= 100
    assert repr(trace) == f"<Trace of {model.name}: 3 steps, 1 lost>"


def test_a_layer_that_uses_the_mask_and_passes_it_on_says_both():
    model = functional(lambda h: layers.LSTM(3, return_sequences=True)(layers.Dense(4)(h)))
    trace = traced(model)
    assert [step.fate for step in trace.steps] == ["born", "kept", "kept"]
    dense, lstm = (line for line in str(trace).splitlines() if line.endswith(" kept"))
    assert not dense.endswith(" used and kept")
    assert lstm.endswith(" used and kept")


def test_the_text_stays_narrow():
    tower = keras.Sequential(name="a_tower_with_a_very_long_name_indeed_that_does_not_fit")
    for depth in range(3):
        conv = layers.TimeDistributed(layers.Conv2D(32, 1), name=f"{depth}_" + "convolution" * 3)
        tower.add(conv)
    outer = keras.Sequential([tower])
    text = str(traced(outer, np.zeros((4, 9, 28, 28, 1), "float32")))
    assert max(map(len, text.splitlines())) <= 100


def test_the_drawing_has_words_for_every_fate():
    assert set(figures.FATES) == set(trace_table._CSS)


def test_the_table():
    model = functional(lambda h: layers.Conv1D(2, 1, name="<conv>")(layers.Dense(3)(h)))
    bundle = traced(model)._repr_mimebundle_()
    assert bundle["text/plain"] == str(traced(model))
    table = bundle["text/html"]
    assert "<conv>" not in table
    assert "&lt;conv&gt;" in table
    assert "<script" not in table
    assert table.count('<th scope="col">') == 4
    assert table.count('<th scope="row"') == 3
    assert '<table class="re-trace"><caption>' in table
    assert '<td class="re-fate re-fate-lost">dropped with a warning</td>' in table
    assert '<td class="re-fate re-fate-kept">kept</td>' in table
