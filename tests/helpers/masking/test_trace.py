"""The trace of a mask: every fate, every way to write a model, and nothing left changed behind."""

import logging
import os
import threading
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.src.layers import layer as layer_module

from helpers import figures, masking
from helpers.masking import recording, trace_axes, trace_steps, trace_table
from helpers.masking.recording import record_calls

pytestmark = [
    pytest.mark.any_backend,
    # Keras warns already when a Functional model is put together.
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask"),
]

LENGTHS = [9, 5, 2, 5]
REAL = "21 of 36"
NEW_TIME_DISTRIBUTED = (3, 14) <= tuple(map(int, keras.__version__.split(".")[:2])) < (3, 16)
BATCH_TIME_5 = "(batch 4, time 9, features 5)"


def ids(high=20):
    """Token ids (4, 9), 0 where a row has ended."""
    batch = np.random.default_rng(0).integers(1, high, (4, 9))
    for row, length in zip(batch, LENGTHS, strict=True):
        row[length:] = 0
    return batch


def series(features=3):
    """Series (4, 9, features), 0 where a row has ended."""
    batch = np.random.default_rng(1).normal(size=(4, 9, features)).astype("float32")
    for row, length in zip(batch, LENGTHS, strict=True):
        row[length:] = 0
    return batch


def embedding(name="embed"):
    return layers.Embedding(20, 5, mask_zero=True, name=name)


def functional(make, *parts, embed=None):
    inputs = keras.Input((None,), dtype="int32")
    return keras.Model(inputs, make((embed or embedding())(inputs)))


def subclassed(make, *parts, embed=None):
    """A model that embeds its input and hands it to ``make``, with ``parts`` as its layers."""

    class Written(keras.Model):
        def __init__(self):
            super().__init__(name="written")
            self.embed = embed or embedding()
            self.parts = list(parts)

        def call(self, x):
            return make(self.embed(x))

    return Written()


def path_of(trace):
    """What happened: for each step its label, or the class of an operation, and its fate."""
    return [(s.kind if s.operation else s.where, s.fate) for s in trace.steps]


def traced(model, batch=None, *, predict=False, **options):
    """Trace, as a rule without the run through predict, which takes most of the time."""
    return masking.trace(model, ids() if batch is None else batch, predict=predict, **options)


class Doubled(layers.Layer):
    """Adds its input to itself and looks at no mask."""

    def call(self, x):
        return x + x


class Own(layers.Layer):
    """Uses the mask that it is given."""

    def call(self, x, mask=None):
        return x if mask is None else x * ops.cast(mask, x.dtype)[..., None]


# --- the fates -----------------------------------------------------------------------------------


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
    assert trace.summary == "There is no mask in this model."


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
    silent = Own(name="own")
    silent.supports_masking = True
    silent.compute_mask = lambda inputs, mask=None: None
    assert path_of(traced(functional(silent))) == [("embed", "born"), ("own", "consumed")]


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


# --- nesting, sharing, loops ---------------------------------------------------------------------


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


# --- predict -------------------------------------------------------------------------------------


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


# --- nothing is changed --------------------------------------------------------------------------


def patched():
    return (
        keras.Layer.__call__,
        keras.Operation.__call__,
        keras.Operation.symbolic_call,
        layer_module.warnings,
        layer_module.Node,
    )


BEFORE = patched()


@pytest.mark.slow
def test_the_patches_are_gone_afterwards():
    traced(functional(Doubled()), predict=True)
    assert patched() == BEFORE


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


# --- recording -----------------------------------------------------------------------------------


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
