"""Attention over packed rows: what a row gets is what it gets alone."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.batching import packed
from helpers.masking import segment_mask
from helpers.padding import pack, unpack

pytestmark = pytest.mark.any_backend

RNG = np.random.default_rng(3)
LENGTHS = [7, 3, 1, 5, 2, 4, 6, 1]
ROWS = [RNG.integers(1, 50, length).astype("int32") for length in LENGTHS]
PLAN = packed(LENGTHS, 10, 2, tail="pad", shuffle=1)


def block(*, masked=True, restart=True, causal=False, capacity=10):
    """A small transformer, which can forget one of the two things that packing needs."""
    keras.utils.set_random_seed(0)
    values = layers.Input((None,), dtype="int32")
    numbers = layers.Input((None,), dtype="int32")
    positions = layers.Input((None,), dtype="int32")
    steps = positions if restart else ops.cumsum(ops.ones_like(positions), axis=1) - 1
    # The default draws so small numbers that a lost position would hardly show.
    wide = {"embeddings_initializer": "random_normal"}
    x = layers.Embedding(50, 8, **wide)(values) + layers.Embedding(capacity, 8, **wide)(steps)
    attention = layers.MultiHeadAttention(2, 4)
    mask = segment_mask(numbers if masked else ops.ones_like(numbers))
    x = layers.LayerNormalization()(
        x + attention(x, x, attention_mask=mask, use_causal_mask=causal)
    )
    x = layers.LayerNormalization()(x + layers.Dense(8, "relu")(x))
    return keras.Model([values, numbers, positions], x)


def largest_difference(**options):
    """Between each row's output in its bin and alone."""
    model = block(**options)
    outputs = []
    for i in range(len(PLAN)):
        batch = pack(ROWS, PLAN, i)
        outputs += unpack(ops.convert_to_numpy(model(list(batch))), PLAN, i)
    differences = []
    for row, output in zip(ROWS, PLAN.restore(outputs), strict=True):
        one, steps = np.ones((1, len(row)), "int32"), np.arange(len(row), dtype="int32")
        alone = ops.convert_to_numpy(model([row[None], one, steps[None]]))[0]
        assert alone.shape == output.shape
        differences.append(np.abs(alone - output).max())
    assert np.isfinite(differences).all()
    return max(differences)


@pytest.mark.slow
@pytest.mark.parametrize("causal", [False, True])
def test_a_packed_row_gets_what_it_gets_alone(causal):
    assert max(PLAN.sizes) == 2
    assert max(int(pack(ROWS, PLAN, i).segments.max()) for i in range(len(PLAN))) > 1
    assert largest_difference(causal=causal) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("forgotten", ["masked", "restart"])
def test_without_the_mask_or_without_positions_that_restart_it_does_not(forgotten):
    assert largest_difference(**{forgotten: False}) > 1e-3


def test_nothing_becomes_nan_in_bins_that_are_empty():
    model = block()
    batch = pack(ROWS, PLAN, len(PLAN) - 1)
    empty = [np.concatenate([array, np.zeros_like(array)]) for array in batch]
    assert np.isfinite(ops.convert_to_numpy(model(empty))).all()


def test_the_mask_is_a_block_for_each_row():
    mask = ops.convert_to_numpy(segment_mask(np.array([[1, 1, 2, 0, 0]], "int32")))
    assert (mask.dtype, mask.shape) == (bool, (1, 5, 5))
    assert mask[0].astype(int).tolist() == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
    ]


def test_symbolic_segments():
    mask = segment_mask(keras.KerasTensor((None, 7), dtype="int32"))
    assert (mask.shape, mask.dtype) == ((None, 7, 7), "bool")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (np.ones((2, 3)), TypeError, "^segments: expected integers, got dtype .*float"),
        (np.ones((2, 3), bool), TypeError, "^segments: expected integers, got dtype .*bool"),
        (np.ones(3, "int32"), ValueError, r"^segments: expected \(batch, time\), got shape \(3,\)"),
    ],
)
def test_bad_segments_are_named(given, error, message):
    with pytest.raises(error, match=message):
        segment_mask(given)
