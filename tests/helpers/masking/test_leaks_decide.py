"""padding_leak decides by what data does: deep stacks, small outputs, half precision, batches."""

import functools
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers import padding
from helpers.masking import padding_leak

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]

RNG = np.random.default_rng(0)
IDS = [RNG.integers(1, 50, steps) for steps in (9, 4, 12)]
ROWS = [RNG.normal(size=(steps, 2)).astype("float32") for steps in (3, 8, 5)]
FEW = {"seeds": 1, "sides": "post", "amounts": (7,)}


def deep_encoder(masked, depth=60):
    """One attention, then blocks that normalise after each residual: input is drowned by biases."""
    ids = keras.Input((None,), dtype="int32")
    mask = ops.not_equal(ids, 0) if masked else None
    h = layers.Embedding(50, 8)(ids)
    attended = layers.MultiHeadAttention(2, 4)(
        h, h, attention_mask=None if mask is None else mask[:, None, :]
    )
    h = layers.LayerNormalization()(layers.add([h, attended]))
    for _ in range(depth):
        more = layers.Dense(8)(layers.Dense(16, activation="gelu")(h))
        h = layers.LayerNormalization()(layers.add([h, more]))
    return keras.Model(ids, layers.Dense(3)(h))


def small_reader(masked, **last):
    first = [layers.Masking()] if masked else []
    lstm = layers.LSTM(4, name="lstm")
    return keras.Sequential([keras.Input((None, 2)), *first, lstm, layers.Dense(1, **last)])


@pytest.mark.wide
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX takes minutes to compile it")
def test_a_deep_stack_is_seen_to_read_its_input():
    assert padding_leak(deep_encoder(masked=False), IDS, **FEW).leaks is True
    assert padding_leak(deep_encoder(masked=True, depth=20), IDS, **FEW).leaks is False


def test_small_outputs_leak_too():
    tiny = keras.initializers.RandomNormal(stddev=1e-6, seed=1)
    leak = padding_leak(small_reader(False, kernel_initializer=tiny), ROWS, weights="own", **FEW)
    assert leak.leaks is True
    assert leak.first_layer == "lstm"
    assert f"post {leak.by_side['post']:.2g}" in str(leak)
    clean = padding_leak(small_reader(True, kernel_initializer=tiny), ROWS, weights="own", **FEW)
    assert clean.leaks is False


@pytest.mark.sampled(3)
@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_no_leak(policy):
    # not every backend computes Keras's orthogonal initialiser in half precision
    gru = functools.partial(layers.GRU, 8, recurrent_initializer="glorot_uniform", dtype=policy)
    masking = layers.Masking(dtype=policy)
    steps = [masking, gru(return_sequences=True), gru(), layers.Dense(1, dtype=policy)]
    leak = padding_leak(keras.Sequential([keras.Input((None, 2)), *steps]), ROWS, **FEW)
    assert leak.leaks is False
    assert leak.tolerance > 5e-3
    unmasked = keras.Sequential([keras.Input((None, 2)), gru()])
    assert padding_leak(unmasked, ROWS, **FEW).leaks is True


def inconclusive(leak, reason):
    assert leak.leaks is None
    assert reason in leak.reason
    assert str(leak).startswith("inconclusive: ")
    with pytest.raises(ValueError, match=r"^inconclusive: "):
        bool(leak)


def test_a_model_that_does_not_read_its_input_is_not_called_clean():
    model = small_reader(False, kernel_initializer="zeros")
    inconclusive(padding_leak(model, ROWS, weights="own", **FEW), "hardly reads its input")


def test_rows_of_one_value_show_nothing():
    model = keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4)])
    rows = [np.ones(3, int), np.ones(5, int)]
    inconclusive(padding_leak(model, rows, **FEW), "give rows that differ")


@keras.saving.register_keras_serializable("tests")
class Centred(layers.Layer):
    def call(self, x):
        return x - ops.mean(x, axis=0, keepdims=True)


def test_rows_that_change_each_other_are_no_padding_leak():
    model = keras.Sequential([keras.Input((None, 2)), layers.Masking(), layers.LSTM(3), Centred()])
    leak = padding_leak(model, ROWS, **FEW)
    assert leak.leaks is True
    assert leak.first_layer is None
    assert "there is no padding" in leak.reason


def test_what_cannot_be_checked_is_told_with_the_way_out():
    ids = keras.Input((5,))
    answer = layers.Dense(2)(layers.Flatten()(layers.Embedding(9, 2)(ids)))
    fixed = keras.Model(ids, answer)
    with pytest.raises(ValueError, match=r"\(None, 5\): build it with None for 5 in its"):
        padding_leak(fixed, [[1, 2, 3, 4, 5], [6, 7]], **FEW)
    reader = keras.Sequential([keras.Input((None, 2)), layers.LSTM(2)])
    with pytest.raises(TypeError, match="got strings; make ids of them first"):
        padding_leak(reader, ["a b c", "b c"], **FEW)
    several = [[ROWS[0], ROWS[1]], [ROWS[2], ROWS[0]]]
    with pytest.raises(ValueError, match="several inputs go in a tuple or a dict"):
        padding_leak(reader, several, **FEW)


def test_keras_says_what_is_wrong_and_not_where():
    static = keras.Sequential(
        [keras.Input(batch_shape=(3, None, 2)), layers.LSTM(2, stateful=True)]
    )
    with pytest.raises(ValueError, match="batch size") as caught:
        padding_leak(static, ROWS, **FEW)
    assert "Exception encountered" not in str(caught.value)


def test_a_tensor_with_lengths_is_a_padded_batch():
    reader = keras.Sequential([keras.Input((None, 2)), layers.Masking(), layers.LSTM(2)])
    batch, mask = padding.pad(ROWS)
    lengths = mask.sum(axis=1)
    leak = padding_leak(reader, ops.convert_to_tensor(batch), lengths=lengths, **FEW)
    assert leak.leaks is False
