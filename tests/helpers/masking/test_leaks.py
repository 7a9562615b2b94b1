"""`padding_leak`: it finds every leak of the zoo, accuses no right model, and leaves no trace."""

import logging
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers, ops
from leak_models import ZOO
from leak_parts import floats, numbers, predict_forgets_steps, tokens, words

from helpers.masking import leak_report, leaks
from helpers.masking.leaks import FALLING, RISING, padding_leak
from helpers.masking.recording import quietly
from helpers.padding import pad

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]

TRAINING = ("loss", "gradients")
# A second length shows what only TensorFlow does; JAX compiles every layer anew for each.
AMOUNTS = (1, 7) if keras.backend.backend() == "tensorflow" else (7,)


@pytest.fixture(autouse=True)
def _names_start_anew():
    keras.utils.clear_session()  # a second "add" would be called "add_1"


def dense():
    x, h = numbers()
    return keras.Model(x, layers.Dense(2)(h))


def state(model):
    return [keras.ops.convert_to_numpy(v).copy() for v in model.variables]


def assert_unchanged(model, before):
    for a, b in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(a, b)


# --- the zoo -------------------------------------------------------------------------------------


@pytest.mark.sampled(4)
@pytest.mark.filterwarnings("ignore:.*destroy the mask")
@pytest.mark.parametrize("entry", ZOO, ids=[entry.name for entry in ZOO])
def test_the_zoo(entry):
    model, rows, *options = entry.make()
    options = {"amounts": AMOUNTS, **(options[0] if options else {})}
    leak = padding_leak(model, rows, seeds=1, **options)
    moved = {side: change > 1e-3 for side, change in leak.by_side.items()}
    assert moved == {side: side in entry.sides for side in leak.by_side}, str(leak)
    assert bool(leak) is leak.leaks is any(moved.values())
    assert (leak.first_layer, leak.mask_lost_at) == (entry.first, entry.lost), str(leak)
    if not leak:
        assert leak.moved < 1e-5
    assert leak.moved == max(leak.by_side.values()) == max(leak.by_way.values())


def test_the_zoo_is_large_enough():
    assert len({entry.name for entry in ZOO}) == len(ZOO) > 60
    assert 25 <= sum(not entry.sides for entry in ZOO) <= len(ZOO) - 25


# --- what is measured ----------------------------------------------------------------------------


def fresh_lstm():
    x, h = numbers()
    return keras.Model(x, layers.LSTM(3, name="suspect")(h)), floats()


def test_random_biases_show_a_leak_that_an_untrained_lstm_hides():
    # With biases of 0 an LSTM that reads only zeros stays at 0: zeros before a row change nothing.
    model, rows = fresh_lstm()
    own = padding_leak(model, rows, sides="pre", weights="own")
    drawn = padding_leak(model, rows, sides="pre", seeds=1)
    assert (own.leaks, own.first_layer) == (False, None)
    assert own.moved < 1e-6
    assert (drawn.leaks, drawn.first_layer) == (True, "suspect")
    assert drawn.moved > 0.01


@pytest.mark.skipif(not predict_forgets_steps(), reason="TimeDistributed is right here")
def test_what_predict_does_with_the_second_length():
    x, h = numbers()
    model = keras.Model(x, layers.TimeDistributed(layers.Dense(5))(h))
    rows = floats((3, 7, 5, 4))
    leak = padding_leak(model, rows, seeds=1, amounts=(1, 2), sides="post")
    assert leak.reason == "predict returned (4, 4, 5), call returned (4, 9, 5)"
    assert leak.by_way["call"] < 1e-6
    assert leak.by_way[RISING] == leak.by_way[FALLING] == np.inf
    one = padding_leak(model, rows, seeds=1, amounts=(1,), sides="post")
    assert not one  # the first length is static and right


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="static shapes in a graph")
@pytest.mark.parametrize(("first", "way"), [(7, RISING), (13, FALLING)])
def test_each_order_of_predict_finds_what_only_it_can(first, way):
    # As TensorFlow traces it, only the first length of a probe is static.
    class Static(keras.Model):
        def call(self, x):
            import tensorflow as tf

            traced = not tf.executing_eagerly()
            return x * (2.0 if traced and x.shape[1] == first else 1.0)

    leak = padding_leak(Static(), floats(), seeds=1)
    assert leak
    assert [w for w, moved in leak.by_way.items() if moved > 0.1] == [way]
    assert (leak.first_layer, leak.reason) == (None, "predict and call do not agree")


def test_rows_that_padding_makes_nan():
    x = keras.Input((None, 4))
    model = keras.Model(x, ops.mean(ops.log(x), axis=1))
    leak = padding_leak(model, [np.abs(row) for row in floats()], seeds=1, sides="post")
    assert (leak.moved, leak.first_layer) == (np.inf, "mean")
    assert "NaN or infinite" in leak.reason


def test_an_output_that_loses_steps():
    x, h = numbers()
    half = layers.Lambda(lambda h: h[:, : 8 - ops.shape(h)[1]], output_shape=(None, 4))(h)
    leak = padding_leak(keras.Model(x, half), floats((3, 3)), seeds=1, sides="post", amounts=(3,))
    assert leak.moved == np.inf
    assert "a row alone gives (1, 3, 4), padded post it gives (1, 2, 4)" in leak.reason


@pytest.mark.parametrize("side", ["post", "pre"])
def test_real_steps_are_cut_on_the_side_of_the_row(side):
    array = np.arange(10).reshape(1, 5, 2)
    expected = array[:, :3] if side == "post" else array[:, -3:]
    np.testing.assert_array_equal(leak_report.real_part(array, (1, 3, 2), side), expected)


def test_attention_scores_are_cut_along_both_axes():
    x, h = words()
    _, scores = layers.MultiHeadAttention(1, 2)(h, h, return_attention_scores=True)
    assert not padding_leak(keras.Model(x, scores), tokens(), seeds=1)


def test_a_change_is_relative_to_the_scale():
    def change(a, b):
        return leak_report.change_of(np.asarray([a]), np.asarray([b]), "post")[:2]

    assert change([1e6, 1.0], [1e6 + 10, 1.0]) == (10, 1e-5)
    assert change([0.1, 0.0], [0.1, 0.01]) == (0.01, 0.01)
    assert change([np.inf, 1.0], [np.inf, 1.0]) == (0, 0)
    assert change([1.0, 1.0], [np.nan, 1.0]) == (np.inf, np.inf)
    assert change([True, False], [True, True]) == (1, 1)


@pytest.mark.parametrize("way", ["loss", "gradients"])
def test_only_what_is_asked_for_is_measured(way):
    model, rows = dense(), floats()
    targets = [row[:, :2] for row in rows]
    leak = padding_leak(model, rows, seeds=1, check=way, loss="mse", targets=targets)
    assert list(leak.by_way) == [way]
    assert leak
    assert list(padding_leak(model, rows, seeds=1).by_way) == ["call", RISING, FALLING]


def test_the_gradients_are_those_of_the_loss():
    # One weight, no bias: the loss is mean((w x)^2) over all steps, its slope mean(2 w x^2).
    x = keras.Input((None, 1))
    model = keras.Model(x, layers.Dense(1, use_bias=False)(x))
    model.layers[-1].kernel.assign([[3.0]])
    rows = [np.ones((2, 1), "float32"), np.ones((2, 1), "float32")]
    leak = padding_leak(
        model, rows, weights="own", check=TRAINING, loss="mse", sides="post", amounts=(2,),
        targets=[np.zeros((2, 1), "float32")] * 2,
    )  # fmt: skip
    assert leak.by_way == pytest.approx({"loss": 9 - 4.5, "gradients": 6 - 3})


def test_the_loss_of_a_compiled_model_is_taken():
    model = dense()
    optimizer = keras.optimizers.Adam(0.1)
    model.compile(optimizer, "mae")
    targets = [row[:, :2] for row in floats()]
    leak = padding_leak(model, floats(), seeds=1, check="loss", targets=targets, sides="post")
    assert leak.by_way["loss"] > 0.01
    assert (model.loss, model.optimizer) == ("mae", optimizer)
    assert int(optimizer.iterations) == 0


def test_moving_statistics_are_part_of_a_step():
    x, h = numbers()
    frozen = layers.BatchNormalization(center=False, scale=False, name="suspect")(h)
    model = keras.Model(x, frozen[:, :1] * 0.0)
    options = {"seeds": 1, "loss": "mse", "targets": np.zeros((3, 1, 4), "float32")}
    leak = padding_leak(model, floats(), check=TRAINING, sides="post", **options)
    assert (leak.by_way["loss"], leak.first_layer) == (0, "suspect")
    assert leak.by_way["gradients"] > 1e-3


# --- what comes in -------------------------------------------------------------------------------


def test_a_padded_batch_with_lengths_is_cut_into_its_rows():
    rows = floats()
    batch = pad(rows, value=99)[0]
    x, h = numbers()
    model = keras.Model(x, ops.sum(h, axis=1))
    assert not padding_leak(model, batch, lengths=[3, 6, 3], seeds=1)
    ones = padding_leak(model, batch, lengths=[3, 6, 3], seeds=1, value=1, sides="post")
    assert ones.moved == pytest.approx(10)  # the rows of 3 in a batch of 6 + 7


def test_each_input_has_its_own_length_and_value():
    seen = set()

    class Spy(keras.Model):
        def call(self, inputs):
            seen.add((inputs["a"].shape[1], inputs["b"].shape[1]))
            return ops.sum(inputs["a"], axis=1) + ops.sum(inputs["b"] - 1.0, axis=1)

    rows = {"a": floats((2, 3)), "b": floats((5, 4))}
    assert not padding_leak(Spy(), rows, seeds=1, amounts=(2,), value={"a": 0, "b": 1})
    assert seen >= {(2, 5), (3, 4), (5, 7)}
    assert padding_leak(Spy(), rows, seeds=1, amounts=(2,), sides="post")


def test_make_gets_rows_length_and_side():
    asked = []

    def make(rows, length, side):
        asked.append(([len(row) for row in rows], length, side))
        return pad(rows, length, side=side)

    x = keras.Input((None, 4))
    mask = keras.Input((None,), dtype="bool")
    model = keras.Model([x, mask], layers.SimpleRNN(2)(x, mask=mask))
    assert not padding_leak(model, floats(), seeds=1, make=make, amounts=(2,))
    assert {(tuple(a), b, c) for a, b, c in asked} == {
        ((3,), 3, "post"), ((6,), 6, "post"), ((3, 6, 3), 8, "post"), ((3, 6, 3), 8, "pre"),
    }  # fmt: skip


def test_one_row_and_rows_of_one_length_are_fine():
    for lengths in [(4,), (4, 4)]:
        x, h = words()
        pool = layers.GlobalAveragePooling1D
        assert not padding_leak(keras.Model(x, pool()(h)), tokens(lengths), seeds=1)
        x, h = words(mask_zero=False)
        assert padding_leak(keras.Model(x, pool()(h)), tokens(lengths), seeds=1)


def test_a_model_that_is_not_built_is_built():
    model = keras.Sequential([layers.SimpleRNN(2)])
    assert padding_leak(model, floats(), seeds=1).first_layer == "simple_rnn"
    assert model(np.ones((2, 9, 4), "float32")).shape == (2, 2)


# --- what is left behind -------------------------------------------------------------------------


def busy_model():
    x, h = numbers()
    h = layers.Dropout(0.5, name="drop")(layers.BatchNormalization()(h))
    rnn = layers.SimpleRNN(2, dropout=0.3, recurrent_dropout=0.2, name="rnn")
    model = keras.Model(x, layers.GaussianNoise(0.1, name="noise")(rnn(h)))
    model.compile("sgd", "mse")
    return model


def rates(model):
    cell = model.get_layer("rnn").cell
    rate = model.get_layer("drop").rate
    return rate, cell.dropout, cell.recurrent_dropout, model.get_layer("noise").stddev


def test_the_model_is_left_as_it_was():
    model = busy_model()
    model.predict_on_batch(np.ones((2, 5, 4), "float32"))
    before, function, noise = state(model), model.predict_function, rates(model)
    targets = np.ones((3, 2), "float32")
    assert padding_leak(model, floats(), seeds=1, check=leak_report.CHECKS, targets=targets)
    assert_unchanged(model, before)
    assert (rates(model), model.predict_function) == (noise, function)
    assert noise == (0.5, 0.3, 0.2, 0.1)
    assert keras.Layer.__call__.__name__ == "__call__"


def test_the_model_is_left_as_it_was_after_an_error():
    model = busy_model()
    before, noise = state(model), rates(model)
    for targets, check in [(np.ones((3, 7), "float32"), TRAINING)]:
        with pytest.raises(ValueError, match="train_on_batch fails"):
            padding_leak(model, floats(), seeds=1, check=check, targets=targets)
        assert_unchanged(model, before)
        assert rates(model) == noise


def test_a_stateful_layer_starts_anew_and_gets_its_state_back():
    x = keras.Input(batch_shape=(1, None, 4))
    model = keras.Model(x, layers.SimpleRNN(2, stateful=True)(layers.Masking()(x)))
    model(np.ones((1, 3, 4), "float32"))
    (held,) = model.layers[-1].states  # no part of model.variables
    before = keras.ops.convert_to_numpy(held).copy()
    assert before.all()
    assert not padding_leak(model, floats((5,)), seeds=1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(held), before)


def test_draws_are_the_same_each_time_and_on_every_backend():
    x, h = words()
    h = layers.BatchNormalization()(layers.LSTM(2, return_sequences=True)(h))
    constraint = keras.constraints.NonNeg()
    model = keras.Model(x, layers.Dense(3, kernel_constraint=constraint)(layers.Dropout(0.1)(h)))
    drawn = leaks.Weights(model)
    drawn.draw(0)
    first = dict(zip([v.path for v in drawn.variables], drawn.values(), strict=True))
    drawn.draw(1)
    assert all((a != b).any() for a, b in zip(first.values(), drawn.values(), strict=True))
    drawn.draw(0)
    for a, b in zip(first.values(), drawn.values(), strict=True):
        np.testing.assert_array_equal(a, b)
    for path, value in first.items():
        assert value.dtype == "float32", path
        if "variance" in path or "gamma" in path:
            assert ((value >= 0.5) & (value <= 1.5)).all(), path
        elif path == "dense/kernel":
            assert (value >= 0).all()
        else:
            assert 0.01 < np.abs(value).mean() < 2, path
    rng = np.random.default_rng((0, 0))
    table = 0.5 * rng.normal(size=(9, 4))
    np.testing.assert_allclose(first["embedding/embeddings"], table, rtol=1e-6)


def test_only_what_says_nothing_about_the_model_is_hidden(caplog):
    logger = logging.getLogger("tensorflow")
    caplog.set_level(logging.WARNING, logger="tensorflow")  # the notebooks want errors only
    with quietly():
        logger.warning("5 out of the last 5 calls to f triggered tf.function retracing.")
        logger.warning("something else")
    logger.warning("f triggered tf.function retracing.")
    assert [record.getMessage() for record in caplog.records] == [
        "something else", "f triggered tf.function retracing.",
    ]  # fmt: skip


# --- how it reads, and what it refuses -----------------------------------------------------------


def test_it_prints_as_a_few_lines():
    leak = padding_leak(*fresh_lstm(), seeds=1)
    lines = str(leak).splitlines()
    assert lines[0] == (
        "padding leaks: suspect lets padding into the real steps, and no mask reaches it"
    )
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "moved by side", "moved by way", "first layer that changes", "mask lost at",
    ]  # fmt: skip
    assert str(padding_leak(dense(), floats(), seeds=1)).startswith("padding changes nothing: ")


def test_noise_within_the_tolerance_is_not_printed():
    """It differs from machine to machine, and notebooks store what is printed."""
    by_side, by_way = {"post": 2.4e-7, "pre": 0.28}, {"call": 0.28, RISING: 1e-5}
    leak = leak_report.Leak(True, 0.28, by_side, by_way, "conv", None, "why", tolerance=1e-4)
    assert "moved by side: post 0, pre 0.28\n" in str(leak)
    assert f"moved by way:  call 0.28, {RISING} 0\n" in repr(leak)


def flatten():
    x = keras.Input((6, 4))
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(x)))


def valid():
    x, h = numbers()
    return keras.Model(x, layers.GlobalMaxPooling1D()(layers.Conv1D(2, 5)(h)))


class Random(keras.Model):
    def call(self, x, training=None):
        if training is not self.when:
            return x
        return x + keras.random.normal(ops.shape(x), seed=self.seeds)

    def __init__(self, when):
        super().__init__()
        self.when = when
        self.seeds = keras.random.SeedGenerator(1)


TARGETS = {"targets": np.ones((3, 2), "float32")}
BAD = {
    "rows: row 0 .length 3. alone": (valid, floats(), {}),
    "accepts only one length, .None, 6, 4.": (flatten, floats(), {}),
    "takes the rows alone but not padded post by 1": (flatten, floats((6, 6)), {}),
    "rows: expected at least 1 timestep, row 1 is empty": (dense, floats((3, 0, 2)), {}),
    r"rows\['a'\]: expected at least 1": (dense, {"a": floats((3, 0))}, {}),
    "rows: expected as many rows in every input, got": (dense, (floats(), floats((2,))), {}),
    "rows: expected a list of rows, or a padded batch": (dense, np.ones((2, 3, 4)), {}),
    "value: 0.5 cannot be held exactly": (dense, tokens(), {"value": 0.5}),
    "value: expected one entry for each": (dense, {"a": floats()}, {"value": {"b": 0}}),
    "lengths: expected 2 integers": (dense, np.ones((2, 3, 4)), {"lengths": [1]}),
    "lengths: expected 0 to 3": (dense, np.ones((2, 3, 4)), {"lengths": [1, 4]}),
    "lengths: expected a padded batch": (dense, floats(), {"lengths": [1, 2, 3]}),
    "sides: expected some of pre, post": (dense, floats(), {"sides": ("left",)}),
    "check: expected some of outputs": (dense, floats(), {"check": ()}),
    "amounts: expected an integer of at least 1": (dense, floats(), {"amounts": (0, 1)}),
    "weights: expected one of .random., .own.": (dense, floats(), {"weights": "mine"}),
    "seeds: expected an integer": (dense, floats(), {"seeds": 0}),
    "tolerance: expected a positive number": (dense, floats(), {"tolerance": 0}),
    "loss: expected a loss or a compiled": (dense, floats(), {"check": "loss", **TARGETS}),
    "targets: expected targets": (dense, floats(), {"check": "loss", "loss": "mse"}),
    "targets: expected 3 rows, got 1": (
        dense, floats(), {"check": "loss", "loss": "mse", "targets": np.ones((1, 2))},
    ),
    "one entry for each of the 3 rows": (lambda: Summed(), floats(), {}),
    "draws random numbers": (lambda: Random(False), floats(), {}),
    "another; it draws": (
        lambda: Random(True), floats(), {"check": "loss", "loss": "mse", "targets": floats()},
    ),
    "row 0 makes the model answer NaN": (lambda: Root(), floats(), {}),
}  # fmt: skip


class Summed(keras.Model):
    def call(self, x):
        return ops.sum(x)


class Root(keras.Model):
    def call(self, x):
        return ops.sqrt(x)


@pytest.mark.parametrize("message", BAD)
def test_refusals(message):
    make, rows, options = BAD[message]
    with pytest.raises(ValueError, match=message):
        padding_leak(make(), rows, **{"seeds": 1} | options)


def test_a_model_that_is_none():
    with pytest.raises(TypeError, match="model: expected a Keras model or layer, got function"):
        padding_leak(dense, floats())
