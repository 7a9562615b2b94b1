"""The trace of a mask in nested models, loops and own layers; who answers for a loss in them."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers, ops
from trace_models import Doubled, embedding, functional, path_of, subclassed, traced

from helpers.masking import trace, trace_steps

pytestmark = [
    pytest.mark.any_backend,
    # Keras warns already when a Functional model is put together.
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask"),
]


def test_a_nested_model_a_convolution_and_a_shared_layer():
    shared = layers.Dense(5, name="shared")
    parts = [layers.Dense(5, name="up"), layers.Conv1D(5, 1, name="conv")]
    tower = keras.Sequential(parts, name="tower")
    inputs = keras.Input((None,), dtype="int32")
    h = shared(embedding()(inputs))
    trace = traced(keras.Model(inputs, shared(tower(h))))
    assert path_of(trace) == [
        ("embed", "born"),
        ("shared (call 1)", "kept"),
        ("tower", "dropped with a warning"),
        ("tower/up", "kept"),
        ("tower/conv", "dropped with a warning"),
        ("shared (call 2)", "no mask"),
    ]
    assert [step.nested for step in trace.steps] == [False, False, True, False, False, False]
    assert "\n  up " in str(trace)
    assert "\n  conv " in str(trace)


def test_a_nested_model_that_uses_the_mask_is_no_loss_though_keras_warns():
    parts = [layers.Dense(5, name="up"), layers.LSTM(3, name="lstm")]
    tower = keras.Sequential(parts, name="tower")
    trace = traced(functional(tower))
    assert path_of(trace)[1:] == [
        ("tower", "consumed"),
        ("tower/up", "kept"),
        ("tower/lstm", "consumed"),
    ]
    assert trace.steps[1].notes == (trace_steps.FALSE_ALARM,)
    assert trace.lost == ()


def test_a_loop_over_one_layer():
    dense = layers.Dense(5, name="dense")

    def thrice(h):
        for _ in range(3):
            h = dense(h)
        return ops.relu(h)

    assert path_of(traced(subclassed(thrice, dense))) == [
        ("embed", "born"),
        ("dense (call 1)", "kept"),
        ("dense (call 2)", "kept"),
        ("dense (call 3)", "kept"),
        ("Relu", "dropped silently"),
    ]


def test_operations_between_layers_stand_where_they_run():
    first, second = layers.Dense(5, name="first"), layers.Dense(5, name="second")
    trace = traced(subclassed(lambda h: second(first(h) + h) * 2, first, second))
    assert [step.where for step in trace.steps] == ["embed", "first", "add", "second", "multiply"]
    twice = traced(subclassed(lambda h: (h + h) + h))
    assert [step.where for step in twice.steps] == ["embed", "add", "add_1"]


def test_a_layer_of_your_own_inside_a_functional_model():
    class Block(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.dense, self.conv = layers.Dense(5, name="dense"), layers.Conv1D(5, 3, name="conv")

        def call(self, x):
            return self.conv(ops.relu(self.dense(x)) + x)

    trace = traced(functional(Block(name="block")))
    assert path_of(trace) == [
        ("embed", "born"),
        ("block", "dropped with a warning"),
        ("block/dense", "kept"),
        ("Relu", "dropped silently"),
        ("Add", "dropped silently"),
        ("block/conv", "no mask"),
    ]
    assert [step.restored for step in trace.steps[3:5]] == ["dropped by block"] * 2
    assert [step.where for step in trace.lost] == ["block"]


def test_the_insides_of_keras_layers_are_not_shown():
    model = functional(
        lambda h: layers.TimeDistributed(layers.Dense(2), name="each")(
            layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(h)
        )
    )
    assert [step.where for step in traced(model).steps] == ["embed", "both", "each"]

    class MyDense(layers.Dense):
        def call(self, x):
            return super().call(x) + 1

    assert [s.where for s in traced(functional(MyDense(3, name="mine"))).steps] == ["embed", "mine"]


def test_a_layer_that_does_not_run_on_shapes_is_one_row_with_a_note():
    class Opaque(layers.Layer):
        def call(self, x):
            if isinstance(x, keras.KerasTensor):
                raise TypeError("only tensors")
            return x + x

    trace = traced(functional(Opaque(name="opaque")))
    assert path_of(trace) == [("embed", "born"), ("opaque", "dropped with a warning")]
    assert "does not run on shapes (TypeError: only tensors)" in trace.steps[1].notes[0]
    assert trace.summary.endswith("Some operations could not be seen; see the notes.")
    assert not traced(functional(Doubled())).summary.endswith("see the notes.")


def test_a_model_that_does_not_run_on_shapes_says_so():
    dense = layers.Dense(2, name="dense")

    def opaque(h):
        if isinstance(h, keras.KerasTensor):
            raise TypeError("only tensors")
        return dense(h + h)

    trace = traced(subclassed(opaque, dense))
    assert path_of(trace) == [("embed", "born"), ("dense", "no mask")]
    assert len(trace.notes) == 1
    assert "does not run on shapes (TypeError: only tensors)" in trace.notes[0]
    assert trace.summary == (
        "The mask is lost nowhere. Some operations could not be seen; see the notes."
    )


class Restoring(layers.Layer):
    """Loses the mask inside and puts it on its output again, as `supports_masking` lets it do."""

    def __init__(self, last, **options):
        super().__init__(**options)
        self.supports_masking = True
        self.last = last

    def call(self, x):
        return self.last(x + x)


def test_a_loss_inside_a_layer_that_puts_the_mask_back_is_none_if_nobody_needed_it():
    trace = traced(functional(Restoring(layers.Dense(5, name="dense"), name="block")))
    assert path_of(trace) == [
        ("embed", "born"),
        ("block", "kept"),
        ("Add", "dropped silently"),
        ("block/dense", "no mask"),
    ]
    assert trace.lost == ()
    assert trace.steps[2].restored == "put back by block"
    inner = keras.Sequential([layers.Dense(5)], name="inner")
    assert traced(functional(Restoring(inner, name="block"))).lost == ()
    assert "put back by block" in str(trace)
    lstm = layers.LSTM(5, return_sequences=True, name="lstm")
    needed = traced(functional(Restoring(lstm, name="block")))
    assert path_of(needed)[1:] == [
        ("block", "kept"),
        ("Add", "dropped silently"),
        ("block/lstm", "no mask"),
    ]
    assert [step.kind for step in needed.lost] == ["Add"]
    assert needed.steps[2].restored == ""


def test_a_single_layer_can_be_traced():
    assert path_of(traced(embedding())) == [("embed", "born")]


def test_a_mask_given_by_hand_makes_good_what_a_slice_lost():
    inputs = keras.Input((None,), name="ids")
    embedded = embedding()(inputs)
    mask = ops.not_equal(inputs, 0)

    def sliced(**given):
        h = layers.Dense(4, name="dense")(embedded[:, 1:])
        return traced(keras.Model(inputs, layers.LSTM(3, name="lstm")(h, **given)))

    lost = sliced()
    assert [step.kind for step in lost.lost] == ["GetItem"]
    mended = sliced(mask=mask[:, 1:])
    (slice_,) = (step for step in mended.steps if step.kind == "GetItem" and step.mask_in[0])
    assert (slice_.fate, slice_.restored) == ("dropped silently", "given again to lstm")
    assert mended.lost == ()
    assert "given again to lstm" in str(mended)


def test_one_of_two_layers_behind_that_gets_no_mask_is_a_loss():
    inputs = keras.Input((None,), name="ids")
    embedded = embedding()(inputs)
    h = embedded * 2
    given = layers.LSTM(3, name="given")(h, mask=ops.not_equal(inputs, 0))
    without = layers.LSTM(3, name="without")(h)
    trace = traced(keras.Model(inputs, layers.Add()([given, without])))
    assert [step.kind for step in trace.lost] == ["Multiply"]


def test_the_residual_around_attention_loses_its_mask_in_a_call_but_not_in_a_graph():
    def parts():
        attention = layers.MultiHeadAttention(1, 5, name="attention")
        return layers.LSTM(3, name="lstm"), layers.Add(name="add"), attention

    lstm, add, attention = parts()
    inputs = keras.Input((None,), name="ids")
    x = embedding()(inputs)
    graph = keras.Model(inputs, lstm(add([x, attention(x, x)])))
    assert traced(graph).lost == ()

    class Block(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = embedding()
            self.lstm, self.add, self.attention = parts()

        def call(self, ids):
            x = self.embed(ids)
            return self.lstm(self.add([x, self.attention(x, x)]))

    assert [step.name for step in traced(Block()).lost] == ["add"]


@pytest.mark.parametrize("behind", [False, True])
def test_a_layer_that_drops_the_mask_answers_for_what_happens_inside_it(behind):
    class Position(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.lstm = layers.LSTM(5, return_sequences=True, name="inner")

        def call(self, x):
            h = x + 1.0
            return self.lstm(h) if behind else h

    model = functional(lambda h: layers.LSTM(3, name="lstm")(Position(name="position")(h)))
    trace = traced(model)
    inner = next(step for step in trace.steps if step.kind == "Add")
    assert inner.restored == ("" if behind else "dropped by position")
    expected = ["position", "position/add"] if behind else ["position"]
    assert [step.where for step in trace.lost] == expected
    assert trace._repr_html_().count("re-fate-lost") == len(expected)


def test_a_deep_residual_network_is_traced_in_time():
    # each block doubles the ways through the model: walked one by one they would never end
    inputs = keras.Input((None, 2))
    h = layers.Masking()(inputs)
    for _ in range(40):
        h = layers.add([h, layers.Dense(2)(h)])
    model = keras.Model(inputs, layers.LSTM(2)(h))
    assert trace(model, np.ones((2, 3, 2), "float32"), predict=False).lost == ()
