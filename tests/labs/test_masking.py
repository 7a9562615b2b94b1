"""The lab on padding and masking: right answers of every kind pass, wrong ones get the cause."""

import functools
import re
import warnings

import keras
import lab_runs
import numpy as np
import pytest
from keras import layers, ops

from helpers import masking, padding
from helpers.labs.tasks import masking as tasks

pytestmark = pytest.mark.slow

untouched = lab_runs.fixture("masking")
right = functools.partial(lab_runs.right, "masking")
wrong = functools.partial(lab_runs.wrong, "masking")
GIVEN = "mended: row 0, alone and without padding, gets another answer than the given model's."
MOVES = "mended: more padding along the time axis changes the answers: "


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


@pytest.fixture(scope="module")
def rows(names):
    return names["rows"]


@pytest.fixture(scope="module")
def tokens(names):
    return names["tokens"]


@pytest.fixture(autouse=True)
def quiet():
    """Models that drop a mask are built here on purpose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*destroy the mask")
        yield


def test_the_untouched_lab_says_not_attempted_at_every_task(untouched):
    told = lab_runs.verdicts("masking", untouched[1])
    assert told == [(task, "not attempted") for task in tasks.TASKS]


# --- 1 and 2: predictions ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first_model():
    inputs = keras.Input((None,), name="ids")
    h = layers.Embedding(33, 8, mask_zero=True, name="embedding")(inputs)
    h = layers.LSTM(5, return_sequences=True, name="lstm")(h)
    h = layers.GlobalAveragePooling1D(name="average")(h)
    return keras.Model(inputs, layers.Dense(9)(h))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            {"embedding": ((3, 16, 12), (3, 16))},
            "embedding, output: the features axis: expected 8, got 12; batch and time are right.",
        ),
        ({"embedding": ((3, 8, 16), (3, 16))}, "embedding, output: the sizes are right, their ord"),
        (
            {"embedding": ((3, 16, 8), (3, 16, 8))},
            "embedding, mask: expected 2 axes (batch, time), got 3: (3, 16, 8).",
        ),
        (
            {"embedding": ((3, 16, 8), None)},
            "embedding, mask: expected one mark per step (batch, time), got None.",
        ),
        ({"embedding": (3, 16, 8)}, "embedding: expected two answers, output and mask, got (3, 1"),
        ({"lstm": ((3, 5), (3, 16))}, "lstm, output: expected 3 axes (batch, time, features), g"),
        (
            {"lstm": ((3, 16, 5), (3, 11))},
            "lstm, mask: the time axis: expected 16 steps, got 11; batch is right.",
        ),
        ({"average": ((3, 16, 5), None)}, "average, output: expected 2 axes (batch, features),"),
        (
            {"average": ((3, 5), (3, 16))},
            "average, mask: expected None, got (3, 16). The time axis is gone",
        ),
    ],
)
def test_wrong_shapes(names, first_model, answer, message):
    truth = {
        "embedding": ((3, 16, 8), (3, 16)),
        "lstm": ((3, 16, 5), (3, 16)),
        "average": ((3, 5), None),
    }
    told = wrong("shapes", **truth | answer, model=first_model, ids=names["ids"])
    assert told.startswith(message)


def test_wrong_sets_of_leaking_models(names, rows):
    which = functools.partial(wrong, "which-leak", models=names["models"], rows=rows)
    told = which({"mean", "lstm", "steps"})
    assert re.fullmatch(
        r"mean does not leak: more padding leaves every real step as it is\. "
        r"max leaks along the time axis: max lets padding into the real steps[^.]*\. "
        r"lstm does not leak: [^.]*\. "
        r"relu leaks along the time axis: lstm gets no mask: relu\w* dropped it without a word\. "
        r"steps does not leak: [^.]*\.",
        told,
    )
    assert which({"max", "conv"}).startswith("leaky: there is no 'conv'; there are mean, max, ")
    assert which("max, relu").startswith("leaky: expected a set of names, such as {'a', 'b'}")
    assert which(3).startswith("leaky: expected a set of names, such as {'a', 'b'}")


# --- 3: the embedding ----------------------------------------------------------------------------


def of_ids(mask_zero=True, after=None, masking=False, last=9, read=None, time=None, size=6):
    """The model of task 3, right unless told otherwise."""
    inputs = keras.Input((time,), name="ids")
    h = layers.Embedding(33, 8, mask_zero=mask_zero, name="embedding")(inputs)
    if masking:
        h = layers.Masking(0, name="masking")(h)
    h = layers.LSTM(size, name="lstm")(h) if read is None else read(inputs, h)
    h = layers.Dense(last, name="speaker")(h)
    return keras.Model(inputs, h if after is None else after(h))


def lstm_on(choose, **options):
    """What `read` needs: an LSTM of the embedded steps that `choose(ids, h)` picks."""

    def read(ids, h):
        chosen, mask = choose(ids, h)
        return layers.LSTM(6, name="lstm", **options)(chosen, mask=mask)

    return read


WRONG_EMBEDDINGS = {
    "no mask": (
        {"mask_zero": False},
        MOVES + "lstm lets padding into the real steps",
    ),
    "Masking left in": (
        {"masking": True},
        MOVES + "lstm gets a mask that marks no step as padding.",
    ),
    "no LSTM": (
        {"read": lambda ids, h: layers.GlobalAveragePooling1D()(h)},
        "mended: `lstm` is missing or has another size: there is no `kernel` of shape (8, 24).",
    ),
    "a smaller LSTM": ({"size": 4}, "mended: `lstm` is missing or has another size"),
    "one layer more": (
        {"after": layers.Dense(9, name="more")},
        "mended: `more/kernel` (9, 9) is a weight that the given model does not have.",
    ),
    "returns zeros": ({"after": lambda h: h * 0.0}, GIVEN),
    "returns NaN": ({"after": lambda h: h * float("nan")}, GIVEN),
    "reads the first steps": (
        {"read": lstm_on(lambda ids, h: (h[:, :7], ops.not_equal(ids[:, :7], 0)))},
        GIVEN,
    ),
    "mask upside down": (
        {"read": lstm_on(lambda ids, h: (h, ops.equal(ids, 0)))},
        GIVEN,
    ),
    "reads backwards": (
        {"read": lstm_on(lambda ids, h: (h, ops.not_equal(ids, 0)), go_backwards=True)},
        GIVEN,
    ),
    "an answer per step": (
        {
            "read": lstm_on(
                lambda ids, h: (h, ops.not_equal(ids, 0)),
                return_sequences=True,
            )
        },
        "mended: expected 2 axes (batch, class), got 3: (3, 16, 9).",
    ),
    "eight classes": (
        {"last": 8},
        "mended: the class axis: expected 9, got 8; batch is right.",
    ),
    "one length": ({"time": 16}, "mended: cannot be called with (batch 1, time 11): "),
    "another length": ({"time": 20}, "mended: cannot be called with (batch 3, time 16): "),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", WRONG_EMBEDDINGS)
def test_wrong_embeddings(tokens, name):
    options, message = WRONG_EMBEDDINGS[name]
    assert wrong("mend-embedding", of_ids(**options), rows=tokens).startswith(message)


def test_what_the_lab_gives_is_wrong_and_a_function_is_no_model(names, tokens):
    told = functools.partial(wrong, "mend-embedding", rows=tokens)
    given = names["embedding_model"]
    assert told(given()) == MOVES + "lstm gets a mask that marks no step as padding."
    function = "mended: expected a model, got the function embedding_model."
    assert told(given) == f"{function} A function is called: add `()`."
    assert told(None) == "mended: expected a model, got None. Does it return what it computed?"
    assert told("model") == "mended: expected a model, got 'model'."
    assert told(keras.Model) == (
        "mended: expected a model, got the class Model. A class is called: add `()`."
    )


def test_a_constant_model_is_wrong(tokens):
    inputs = keras.Input((None,))
    constant = layers.Lambda(lambda ids: ops.zeros((ops.shape(ids)[0], 9)))(inputs)
    told = wrong("mend-embedding", keras.Model(inputs, constant), rows=tokens)
    assert told.startswith("mended: `embedding` is missing or has another size")


def test_a_mask_by_hand_is_right(tokens):
    by_hand = lstm_on(lambda ids, h: (h, ops.not_equal(ids, 0)))
    right("mend-embedding", of_ids(mask_zero=False, read=by_hand), rows=tokens)


@pytest.mark.wide
def test_a_model_of_another_style_is_right_and_stays_as_it_was(tokens):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.speaker = layers.Dense(9)
            self.lstm = layers.LSTM(6)
            self.embed = layers.Embedding(33, 8)

        def call(self, ids):
            return self.speaker(self.lstm(self.embed(ids), mask=ids != 0))

    right("mend-embedding", Own(), rows=tokens)  # not built yet
    model, (ids, _) = Own(), padding.pad(tokens)
    before = model.predict(ids, verbose=0)
    right("mend-embedding", model, rows=tokens)
    assert np.array_equal(model.predict(ids, verbose=0), before)


# --- 4 and 5: operations and convolutions --------------------------------------------------------


def of_sums(add=None, relu=None, last=None):
    """The model of task 4, right unless told otherwise."""
    inputs = keras.Input((None, 12), name="frames")
    h = layers.Masking()(inputs)
    h = layers.Dense(6, name="dense")(h)
    read = layers.LSTM(6, return_sequences=True, name="lstm_1")(h)
    h = (add or (lambda h, read: layers.Add()([h, read])))(h, read)
    h = (relu or layers.Activation("relu"))(h)
    h = (last or (lambda h, inputs: layers.LSTM(5, name="lstm_2")(h)))(h, inputs)
    return keras.Model(inputs, layers.Dense(9, name="speaker")(h))


WRONG_SUMS = {
    "plain sum": (
        {"add": lambda h, read: h + read},
        MOVES + r"lstm_2 gets no mask: add\w* dropped it without a word\.",
    ),
    "plain relu": ({"relu": ops.relu}, MOVES + r"lstm_2 gets no mask: relu\w* dropped it without"),
    "no sum": ({"add": lambda h, read: read}, re.escape(GIVEN)),
    "no relu": ({"relu": lambda h: h}, re.escape(GIVEN)),
    "no first LSTM": (
        {"add": lambda h, read: layers.Add()([h, h])},
        r"mended: `lstm_1` is missing or has another size: there is no `kernel` of shape \(6, 24\)",
    ),
    "no second LSTM": (
        {"last": lambda h, inputs: layers.GlobalAveragePooling1D()(h)},
        "mended: `lstm_2` is missing or has another size",
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", WRONG_SUMS)
def test_wrong_operations(rows, name):
    options, message = WRONG_SUMS[name]
    assert re.match(message, wrong("mend-operation", of_sums(**options), rows=rows))


@pytest.mark.wide
def test_the_labs_operations_are_wrong(names, rows):
    told = wrong("mend-operation", names["operation_model"](), rows=rows)
    assert re.match(MOVES + r"lstm_2 gets no mask: add\w* dropped it without a word\.", told)


@pytest.mark.wide
def test_operations_with_a_mask_by_hand_are_right(rows):
    def last(h, inputs):
        return layers.LSTM(5, name="lstm_2")(h, mask=ops.any(inputs != 0, axis=-1))

    mended = of_sums(add=lambda h, read: h + read, relu=ops.relu, last=last)
    right("mend-operation", mended, rows=rows)


def of_convolutions(keep=(True, True), mean=None, **changes):
    """The model of task 5, right unless told otherwise."""
    inputs = keras.Input((None, 12), name="frames")
    h = layers.Masking()(inputs)
    first = {"strides": 2, "name": "conv_1"}
    second = {"padding": "same", "name": "conv_2"}
    for kept, size, options in zip(keep, (8, 6), (first, second), strict=True):
        options = options | changes.get(options["name"], {})
        conv = layers.Conv1D(size, 3, activation="relu", **options)
        h = masking.KeepMask(conv, name=f"kept_{conv.name}")(h) if kept else conv(h)
    h = (mean or layers.GlobalAveragePooling1D(name="mean"))(h)
    return keras.Model(inputs, layers.Dense(9, name="speaker")(h))


WRONG_CONVOLUTIONS = {
    "first kept": ({"keep": (True, False)}, MOVES + "mean gets no mask: conv_2 dropped it"),
    "second kept": ({"keep": (False, True)}, MOVES + "kept_conv_2 gets no mask: conv_1 dropped"),
    "none kept": ({"keep": (False, False)}, MOVES + "conv_2 gets no mask: conv_1 dropped it"),
    "causal": ({"conv_2": {"padding": "causal"}}, GIVEN),
    "no strides": ({"conv_1": {"strides": 1}}, GIVEN),
    "another maximum": (
        {"mean": masking.KeepMask(layers.GlobalMaxPooling1D())},
        GIVEN,
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", WRONG_CONVOLUTIONS)
def test_wrong_convolutions(rows, name):
    options, message = WRONG_CONVOLUTIONS[name]
    told = wrong("mend-convolution", of_convolutions(**options), rows=rows)
    assert told.startswith(message)


def test_the_labs_convolutions_are_wrong(names, rows):
    told = wrong("mend-convolution", names["convolution_model"](), rows=rows)
    assert told.startswith(MOVES + "conv_2 gets no mask: conv_1 dropped it with a warning")


def test_convolutions_with_masks_by_hand_are_right(rows):
    inputs = keras.Input((None, 12))
    real = ops.any(inputs != 0, axis=-1)  # (batch, time)
    h = layers.Conv1D(8, 3, strides=2, activation="relu")(inputs)
    left = real[:, 2::2]  # the last step that each output step sees
    h = h * ops.cast(left, "float32")[..., None]
    h = layers.Conv1D(6, 3, padding="same", activation="relu")(h)
    h = layers.GlobalAveragePooling1D()(h, mask=left)
    right("mend-convolution", keras.Model(inputs, layers.Dense(9)(h)), rows=rows)


# --- 6: the larger model -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def given(names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return names["reader"](names["Position"](name="position"))


@pytest.fixture(scope="module")
def mended(names):
    position = names["Position"](name="position")
    position.supports_masking = True
    return names["reader"](position)


def test_the_judge_knows_the_layers_and_the_one_that_loses_the_mask(names, given):
    trace = masking.trace(given, names["ids"])
    assert tuple(step.name for step in trace.steps if not step.depth) == tasks.LAYERS
    assert trace.lost[0].name == tasks.LOST_AT


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("embedding", "lost_at: `embedding` makes the mask and hands it on. Look after it."),
        ("norm", "lost_at: `norm` gets no mask: it is lost before. Look in front of it."),
        ("attention", "lost_at: `attention` gets no mask: it is lost before."),
        ("mean", "lost_at: `mean` gets no mask: it is lost before."),
        ("table", "lost_at: expected one of the layers embedding, position, norm, attention,"),
        (None, "lost_at: expected one of the layers embedding,"),
    ],
)
def test_wrong_places(names, tokens, given, mended, name, message):
    assert wrong("find", name, mended, given=given, rows=tokens).startswith(message)


@pytest.mark.wide
def test_wrong_readers(names, tokens, given):
    told = functools.partial(wrong, "find", "position", given=given, rows=tokens)
    assert re.match(MOVES + "attention gets no mask: position dropped it with", told(given))
    assert told(names["reader"](lambda h: h)).startswith("mended: `position` is missing or has")
    zero = names["Position"](name="position")
    zero.supports_masking, zero.call = True, lambda h: h + 0 * zero.table(h[..., 0])
    assert told(names["reader"](zero)).startswith(GIVEN)
    assert told(names["reader"]).startswith("mended: expected a model, got the function reader.")


@pytest.mark.wide
def test_right_readers(names, tokens, mended, capsys):
    class Passing(names["Position"]):
        def compute_mask(self, inputs, mask=None):
            return mask

    given = names["reader"](names["Position"](name="position"))
    other = names["reader"](Passing(name="position"))
    variables = (*given.variables, *other.variables)
    before = [np.array(variable) for variable in variables]
    right("find", "position", other, given=given, rows=tokens)
    assert all(map(np.array_equal, before, map(np.array, variables)))
    right("find", mended.get_layer("position"), mended, given=mended, rows=tokens)
    assert capsys.readouterr().out.count("right. `position` lost the mask") == 2
