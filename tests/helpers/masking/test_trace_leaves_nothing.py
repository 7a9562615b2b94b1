"""The trace of a mask leaves nothing changed behind: no patch, no state, no node, no loss."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers, ops
from trace_models import BEFORE, Doubled, functional, ids, patched, series, traced

from helpers import masking

pytestmark = [
    pytest.mark.any_backend,
    # Keras warns already when a Functional model is put together.
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask"),
]


@pytest.mark.slow
def test_the_patches_are_gone_afterwards():
    traced(functional(Doubled()), predict=True)
    assert patched() == BEFORE


@pytest.mark.slow
def test_the_patches_and_the_state_are_restored_after_an_exception():
    class Failing(layers.Layer):
        def __init__(self):
            super().__init__()
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.dense = layers.Dense(2)

        def call(self, x):
            self.count.assign(self.count + 1)
            if x.shape[1] == 7:
                raise RuntimeError("no seven")
            return self.dense(x)

    layer = Failing()
    layer(np.zeros((2, 3, 4), "float32"))
    before = float(layer.count.numpy() if hasattr(layer.count, "numpy") else layer.count)
    with pytest.raises(RuntimeError, match="no seven") as caught:
        masking.trace(layer, np.zeros((2, 7, 4), "float32"))
    assert any(note.startswith("batch: ") for note in caught.value.__notes__)
    assert patched() == BEFORE
    assert float(ops.convert_to_numpy(layer.count)) == before == 1
    masking.trace(layer, np.zeros((2, 5, 4), "float32"))
    assert float(ops.convert_to_numpy(layer.count)) == 1


@pytest.mark.slow
def test_a_batch_that_does_not_fit_is_keras_s_error_with_a_note():
    model = functional(layers.LSTM(3))
    with pytest.raises((TypeError, ValueError)) as caught:  # which one depends on the version
        masking.trace(model, [ids(), ids(), ids()])
    assert any(note.startswith("batch: ") for note in getattr(caught.value, "__notes__", ()))
    assert patched() == BEFORE


@pytest.mark.slow
def test_variables_and_compiled_functions_stay():
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(4, None, 3)),
            layers.Masking(),
            layers.BatchNormalization(),
            layers.GaussianNoise(0.1),
            layers.Dropout(0.5),
            layers.LSTM(3, stateful=True),
        ]
    )
    model.compile("sgd", "mse")
    model.predict_on_batch(series())
    function = model.predict_function
    values = [np.array(ops.convert_to_numpy(v)) for v in model.variables]
    assert any(value.any() for value in values[-2:])
    trace = traced(model, series(), predict=True)
    assert [step.fate for step in trace.steps][-1] == "consumed"
    assert model.predict_function is function
    for variable, value in zip(model.variables, values, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(variable), value)


@pytest.mark.slow
def test_state_of_a_model_that_was_not_built_is_its_first_state():
    model = keras.Sequential([layers.LSTM(3, stateful=True)])
    traced(model, series(), predict=True)
    first = np.array(ops.convert_to_numpy(model(series())))
    model.layers[0].reset_state()
    np.testing.assert_array_equal(first, ops.convert_to_numpy(model(series())))


@pytest.mark.slow
def test_no_node_and_no_name_is_left_behind():
    dense = layers.Dense(5, name="dense")
    model = functional(lambda h: Doubled()(dense(h)))
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    start = layers.Add().name
    traced(model, predict=True)
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    number = int(start.rpartition("_")[2]) if "_" in start else 0
    assert layers.Add().name == f"add_{number + 1}"
    assert model.get_layer("dense").input.shape == (None, None, 5)


@pytest.mark.slow
def test_losses_added_in_the_call_do_not_pile_up():
    model = keras.Sequential([layers.ActivityRegularization(0.1), layers.Dense(2)])
    model(series())
    before = len(model.losses)
    traced(model, series(), predict=True)
    assert len(model.losses) == before == 1
