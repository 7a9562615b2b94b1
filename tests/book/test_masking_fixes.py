"""The fixes of the chapter on masking train and predict at two sizes, and read no padding."""

import numpy as np
import pytest
from fix_cells import names_of, trained_alike

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
CHAPTER = "masking"
RANDOM = np.random.default_rng(0)
ROWS = [RANDOM.normal(size=(steps, 12)).astype("float32") for steps in (9, 4, 6, 2)]
TOKENS = [RANDOM.integers(1, 33, steps) for steps in (9, 4, 6, 2)]
SHORT = ["in-short-ids", "in-short-keep", "in-short-moved"]


@pytest.fixture(scope="module")
def short():
    return names_of(CHAPTER, *SHORT, rows=ROWS, tokens=TOKENS)


def padded(rows, more):
    longest = max(map(len, rows)) + more
    return keras.utils.pad_sequences(rows, longest, rows[0].dtype, "post")


def holds(model, rows, moved):
    """The model trains and predicts at two lengths, in both orders, and padding moves nothing."""
    trained_alike(model, [padded(rows, 0), padded(rows, 5), padded(rows, 0)])
    assert moved(model, rows) < 1e-4


@pytest.mark.parametrize(("model", "rows"), [("tagger", TOKENS), ("reader", ROWS)])
def test_the_models_of_in_short(model, rows, short):
    holds(short[model], rows, short["moved"])


def test_the_test_of_in_short_can_fail(short):
    stack = [keras.layers.Embedding(33, 8), keras.layers.LSTM(16)]
    assert short["moved"](keras.Sequential([keras.Input((None,)), *stack]), TOKENS) > 0.01


@pytest.mark.parametrize("cell", ["warning-fix", "mc7c2c8c"])
def test_a_mask_made_by_hand(cell, short):
    names = names_of(CHAPTER, cell, moved=short["moved"], tokens=TOKENS)
    holds(keras.Model(names["ids"], names["h"]), TOKENS, short["moved"])


@pytest.mark.parametrize("user", ["GRU", "average", "by hand"])
def test_layers_that_use_a_mask_by_hand(user, short):
    names = names_of(CHAPTER, "mf324382")
    holds(keras.Model(names["frames"], names["users"][user]), ROWS, short["moved"])


def test_attention_in_a_call(short):
    holds(names_of(CHAPTER, "mbb5aa3f")["Block"](), TOKENS, short["moved"])


def test_layers_of_ones_own(short):
    names = names_of(CHAPTER, "own-handles", "own-stops")
    ids = keras.Input((None,))
    h = keras.layers.Embedding(33, 8, mask_zero=True)(ids)
    holds(keras.Model(ids, keras.layers.LSTM(4)(names["EverySecond"]()(h))), TOKENS, short["moved"])
    model = keras.Model(ids, keras.layers.Dense(3)(names["MaskedMax"]()(h)))
    holds(model, TOKENS, short["moved"])


@pytest.mark.parametrize("per", ["row", "step"])
def test_a_loss_that_does_not_depend_on_the_padding(per):
    names = names_of(CHAPTER, "loss-fix")
    frames = keras.Input((None, 12))
    h = keras.layers.LSTM(4, return_sequences=True)(keras.layers.Masking()(frames))
    model = keras.Model(frames, names["StopMask"]()(keras.layers.Dense(1)(h)))
    model.compile("sgd", "mse")
    losses = []
    for more in (0, 5):
        x = padded(ROWS, more)
        real = np.any(x != 0, axis=-1)
        y = np.ones((*real.shape, 1), "float32")
        given = {"sample_weight": names["step_weights"](real, per), "verbose": 0}
        losses.append(model.evaluate(x, y, **given))
        assert model.predict(x, verbose=0).shape == y.shape
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    for more in (0, 5):
        x = padded(ROWS, more)
        weights = names["step_weights"](np.any(x != 0, axis=-1), per)
        model.fit(x, np.ones((*weights.shape, 1)), sample_weight=weights, verbose=0)
