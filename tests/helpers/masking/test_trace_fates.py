"""The trace of a mask tells every fate: at layers, operations, merges and attention."""

import os
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers, ops
from trace_models import (
    BATCH_TIME_5,
    LENGTHS,
    REAL,
    embedding,
    functional,
    ids,
    path_of,
    series,
    subclassed,
    traced,
)

from helpers.masking import recording

pytestmark = [
    pytest.mark.any_backend,
    # Keras warns already when a Functional model is put together.
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask"),
]


class Own(layers.Layer):
    """Uses the mask that it is given."""

    def call(self, x, mask=None):
        return x if mask is None else x * ops.cast(mask, x.dtype)[..., None]


@pytest.mark.slow
def test_masks_are_born_kept_and_consumed():
    model = functional(lambda h: layers.LSTM(3, name="lstm")(layers.Dense(6, name="dense")(h)))
    trace = traced(model, predict=True)
    assert path_of(trace) == [("embed", "born"), ("dense", "kept"), ("lstm", "consumed")]
    assert [str(step.mask_out[0]) for step in trace.steps] == [REAL, REAL, "None"]
    assert [str(step.mask_in[0]) for step in trace.steps] == ["None", REAL, REAL]
    assert trace.steps[0].mask_out[0] == ("(batch 4, time 9)", 21, 36)
    assert [step.uses_mask for step in trace.steps] == [False, False, True]
    assert trace.steps[1].inputs == (BATCH_TIME_5,)
    assert trace.steps[1].outputs == ("(batch 4, time 9, features 6)",)
    assert trace.lost == ()
    assert [step.name for step in trace.born] == ["embed"]
    assert trace.notes == ()


def test_a_convolution_drops_the_mask_with_a_warning_that_is_not_shown():
    model = functional(lambda h: layers.Conv1D(4, 3, name="conv")(h))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        trace = traced(model)
    assert path_of(trace) == [("embed", "born"), ("conv", "dropped with a warning")]
    assert trace.steps[1].outputs == ("(batch 4, time 7, features 4)",)


def test_no_mask_at_all():
    model = keras.Sequential([layers.Dense(5, name="a"), layers.LSTM(3, name="b")])
    trace = traced(model, series())
    assert path_of(trace) == [("a", "no mask"), ("b", "no mask")]
    assert trace.summary == (
        "No mask of Keras is in this model; padding_leak tells whether padding gets in."
    )


SILENT = {
    "Add": lambda h: h + h,
    "Relu": lambda h: ops.relu(h),
    "Concatenate": lambda h: ops.concatenate([h, h], axis=-1),
    "GetItem": lambda h: h[:, 1:],
    "Mean": lambda h: ops.mean(h, axis=1),
}


@pytest.mark.parametrize("form", [functional, subclassed])
@pytest.mark.parametrize("kind", SILENT)
def test_a_plain_operation_drops_the_mask_silently(kind, form):
    trace = traced(form(SILENT[kind]))
    assert path_of(trace) == [("embed", "born"), (kind, "dropped silently")]
    assert [step.kind for step in trace.lost] == [kind]
    step = trace.lost[0]
    assert step.operation
    assert step.mask_in[0] == ("(batch 4, time 9)", 21, 36)
    assert step.inputs[0] == BATCH_TIME_5


@pytest.mark.parametrize("form", [functional, subclassed])
def test_masking_after_embedding_marks_no_step_as_padding(form):
    embed = layers.Embedding(20, 5, name="embed")
    mask, lstm = layers.Masking(name="masking"), layers.LSTM(3, name="lstm")
    model = form(lambda h: lstm(mask(h)), mask, lstm, embed=embed)
    trace = traced(model, lengths=LENGTHS)
    assert path_of(trace) == [("embed", "no mask"), ("masking", "born"), ("lstm", "consumed")]
    assert str(trace.steps[1].mask_out[0]) == "36 of 36"
    assert trace.steps[1].notes == ("marks no step as padding, but by lengths 15 of 36 are",)
    assert traced(model).notes == ()


def test_a_real_step_that_looks_like_padding_is_noted():
    batch = series()
    batch[1, 2] = 0
    model = keras.Sequential([layers.Masking(name="masking"), layers.LSTM(3)])
    trace = traced(model, batch, lengths=LENGTHS)
    assert trace.notes == (
        "masking: marks 20 of 36 steps as real, by lengths 21 are; it differs in row 1",
    )
    assert traced(model, series(), lengths=LENGTHS).notes == ()


def test_a_mask_that_is_used_by_hand_is_consumed():
    class ByHand(layers.Layer):
        def call(self, x):
            mask = recording.mask_of(x)  # None while a Functional model is put together
            h = x if mask is None else x * ops.cast(mask, x.dtype)[..., None]
            return ops.sum(h, axis=1)

    trace = traced(functional(ByHand(name="by_hand")))
    assert path_of(trace) == [
        ("embed", "born"),
        ("by_hand", "consumed"),
        ("Multiply", "consumed"),
        ("Sum", "no mask"),
    ]
    assert "Keras warns" in trace.steps[1].notes[0]
    assert trace.lost == ()


def test_a_mask_made_from_the_ids_and_used_by_hand_is_consumed():
    inputs = keras.Input((None,), dtype="int32")
    h = embedding()(inputs)
    weights = ops.expand_dims(ops.cast(ops.not_equal(inputs, 0), "float32"), -1)
    trace = traced(keras.Model(inputs, ops.multiply(h, weights)))
    assert path_of(trace) == [("embed", "born"), ("Multiply", "consumed")]


def test_a_mask_given_as_an_argument_came_in():
    inputs, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    h = layers.LSTM(3, return_sequences=True, name="lstm")(inputs, mask=mask)
    model = keras.Model([inputs, mask], layers.GlobalAveragePooling1D(name="pool")(h))
    keep = np.arange(9) < np.array(LENGTHS)[:, None]
    trace = traced(model, [series(), keep])
    assert path_of(trace) == [("lstm", "kept"), ("pool", "consumed")]
    assert str(trace.steps[0].mask_in[0]) == REAL
    assert trace.batch == ("(batch 4, time 9, features 3)", "(batch 4, time 9)")


def test_plain_operations_in_a_layer_that_is_given_the_mask_are_its_own_business():
    trace = traced(functional(Own(name="own")))
    assert path_of(trace) == [("embed", "born"), ("own", "dropped with a warning")]
    assert "set supports_masking = True" in trace.steps[1].notes[0]
    silent = Own(name="own")
    silent.supports_masking = True
    silent.compute_mask = lambda inputs, mask=None: None
    assert path_of(traced(functional(silent))) == [("embed", "born"), ("own", "consumed")]


def test_a_layer_without_supports_masking_may_use_the_mask_up():
    class Mean(layers.Layer):
        def call(self, x, mask=None):
            real = ops.cast(mask, x.dtype)[..., None]
            return ops.sum(x * real, axis=1) / ops.sum(real, axis=1)

    trace = traced(functional(Mean(name="mean")))
    assert path_of(trace) == [("embed", "born"), ("mean", "consumed")]
    assert trace.lost == ()
    assert trace.notes[0].startswith("mean: Keras warns that it destroys the mask, but it is given")


def test_a_loss_where_no_step_is_padding_is_told_so():
    model = functional(lambda h: layers.Conv1D(4, 3, name="conv")(h))
    at_stake = "In this batch no step is padding"
    assert at_stake not in traced(model).summary
    trace = traced(model, np.ones((4, 9), int))
    assert trace.summary.startswith("Lost: conv (dropped with a warning). " + at_stake)
    assert [step.name for step in trace.lost] == ["conv"]


def test_an_argument_mask_that_nobody_fills_in_does_not_hide_operations():
    class WithArgument(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = embedding()

        def call(self, x, mask=None):
            h = self.embed(x)
            return h + h

    assert path_of(traced(WithArgument())) == [("embed", "born"), ("Add", "dropped silently")]


def test_a_layer_that_drops_the_mask_without_a_word():
    class Silent(layers.Layer):
        supports_masking = True

        def compute_mask(self, inputs, mask=None):
            return None

        def call(self, x):
            return ops.relu(x)

    trace = traced(functional(Silent(name="silent")))
    assert path_of(trace) == [
        ("embed", "born"),
        ("silent", "dropped silently"),
        ("Relu", "dropped silently"),
    ]
    assert [step.kind for step in trace.lost] == ["Relu"]


def test_lambda_layers():
    plain = layers.Lambda(lambda x: x * 2, name="plain")
    asking = layers.Lambda(
        lambda x, mask: x * ops.cast(mask, "float32")[..., None],
        mask=lambda inputs, mask: None,
        output_shape=(None, 5),
        name="asking",
    )
    keeping = layers.Lambda(lambda x: x * 2, mask=lambda inputs, mask: mask, name="keeping")
    model = functional(lambda h: [plain(h), asking(h), keeping(h)])
    trace = traced(model)
    assert [step.name for step in trace.steps if step.uses_mask] == ["asking"]
    assert dict(path_of(trace)) == {
        "embed": "born",
        "plain": "dropped with a warning",
        "asking": "consumed",
        "keeping": "kept",
    }


# --- several inputs ------------------------------------------------------------------------------


def test_merging_with_an_input_that_has_no_mask():
    words, other = keras.Input((None,), dtype="int32"), keras.Input((None, 5))
    h = embedding()(words)
    added = layers.Add(name="added")([h, other])
    joined = layers.Concatenate(name="joined")([h, other])
    trace = traced(keras.Model([words, other], [added, joined]), [ids(), series(5)])
    steps = {step.name: step for step in trace.steps}
    assert steps["added"].fate == "dropped silently"
    assert steps["joined"].fate == "kept"
    assert str(steps["joined"].mask_out[0]) == "36 of 36"
    assert steps["added"].partly == steps["joined"].partly == "mask in: 1 of 2"
    assert steps["embed"].partly == ""
    assert str(trace).count("mask in: 1 of 2") == 2


def test_concatenating_two_masked_inputs_keeps_the_mask():
    trace = traced(functional(lambda h: layers.Concatenate(axis=1, name="joined")([h, h])))
    assert path_of(trace) == [("embed", "born"), ("joined", "kept")]
    assert str(trace.steps[1].mask_out[0]) == "42 of 72"
    assert trace.steps[1].partly == ""


def test_dict_inputs_dict_outputs_and_lists():
    inputs = {"words": keras.Input((None,), dtype="int32"), "more": keras.Input((None, 2))}
    h = embedding()(inputs["words"])
    outputs = {"a": layers.Dense(2, name="a")(h), "b": layers.LSTM(2, name="b")(inputs["more"])}
    batch = {"words": ids(), "more": series(2)}
    trace = traced(keras.Model(inputs, outputs), batch)
    assert dict(path_of(trace)) == {"embed": "born", "a": "kept", "b": "no mask"}
    assert trace.batch == ("(batch 4, time 9, features 2)", "(batch 4, time 9)")

    class Split(layers.Layer):
        supports_masking = True

        def compute_mask(self, inputs, mask=None):
            return [mask, None]

        def call(self, x):
            return [x, ops.mean(x, axis=1)]

    trace = traced(functional(Split(name="split")))
    assert path_of(trace)[1:] == [("split", "kept"), ("Mean", "dropped silently")]
    assert [str(mask) for mask in trace.steps[1].mask_out] == [REAL, "None"]


def test_lstm_with_an_initial_state_is_given_no_mask():
    state = layers.Input((3,))
    inputs = keras.Input((None,), dtype="int32")
    h = layers.LSTM(3, name="lstm")(embedding()(inputs), initial_state=[state, state])
    zeros = np.zeros((4, 3), "float32")
    trace = traced(keras.Model([inputs, state], h), [ids(), zeros])
    assert path_of(trace) == [("embed", "born"), ("lstm", "dropped silently")]
    assert "takes a mask but was given none" in trace.steps[1].notes[0]


# --- attention -----------------------------------------------------------------------------------


def attention():
    return layers.MultiHeadAttention(2, 3, name="attention")


def test_attention_keeps_the_mask_of_the_query():
    class Cross(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.attention = embedding(), attention()

        def call(self, inputs):
            words, query = inputs
            return self.attention(query, self.embed(words))

    trace = traced(Cross(), [ids(), series(5)])
    assert path_of(trace) == [("embed", "born"), ("attention", "consumed")]
    assert trace.steps[1].partly == "mask in: 1 of 2"
    assert trace.steps[1].uses_mask
    h = traced(functional(lambda h: attention()(h, h)))
    assert path_of(h) == [("embed", "born"), ("attention", "kept")]


@pytest.mark.parametrize("form", [functional, subclassed])
def test_attention_takes_the_mask_off_its_own_input(form):
    both, add, dense = attention(), layers.Add(name="added"), layers.Dense(2, name="dense")
    trace = traced(form(lambda h: dense(add([h, both(h, h)])), both, add, dense))
    assert path_of(trace) == [
        ("embed", "born"),
        ("attention", "kept"),
        ("added", "dropped silently"),
        ("dense", "no mask"),
    ]
    assert trace.steps[2].partly == "mask in: 1 of 2"
    assert trace.steps[2].notes[0].startswith("attention took the mask off this input before")


def test_an_operation_after_attention_sees_what_attention_left():
    both = attention()

    def twice(h):
        both(h, h)
        return h + h

    trace = traced(subclassed(twice, both))
    assert path_of(trace)[2:] == [("Add", "dropped silently")]
    assert trace.steps[2].mask_in == (None, None)
    assert trace.steps[2].notes[0].startswith("attention took the mask off this input before")
