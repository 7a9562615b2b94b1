"""Packed datasets: what Keras gets from the bins of a plan, epoch by epoch."""

import os
import pickle

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from helpers.batching import fixed, packed
from helpers.feeding import PackedDataset
from helpers.masking import segment_mask
from helpers.padding import pack, unpack

RNG = np.random.default_rng(5)
LENGTHS = [7, 3, 1, 5, 2, 4, 6, 1]
ROWS = [RNG.integers(1, 50, length).astype("int32") for length in LENGTHS]
TARGETS = [row % 3 for row in ROWS]


def tagger():
    shapes = {name: layers.Input((None,), dtype="int32", name=name) for name in NAMES}
    x = layers.Embedding(50, 8)(shapes["values"]) + layers.Embedding(10, 8)(shapes["positions"])
    x += layers.MultiHeadAttention(2, 4)(x, x, attention_mask=segment_mask(shapes["segments"]))
    model = keras.Model(shapes, layers.Dense(3, "softmax")(x))
    model.compile(
        "adam",
        keras.losses.SparseCategoricalCrossentropy(reduction="sum"),
        weighted_metrics=[keras.metrics.SparseCategoricalCrossentropy()],
    )
    return model


NAMES = ("values", "segments", "positions")


@settings(max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=12),
    batch_size=st.integers(1, 3),
    tail=st.sampled_from(["keep", "pad"]),
    shuffle=st.sampled_from([None, 1]),
    store=st.booleans(),
    features=st.sampled_from([(), (2,)]),
)
def test_batches_are_those_of_pack_in_every_epoch(
    lengths, batch_size, tail, shuffle, store, features
):
    rows = [np.random.default_rng(i).normal(size=(n, *features)) for i, n in enumerate(lengths)]
    labels = [np.full(length, i) for i, length in enumerate(lengths)]
    weights = np.arange(1, len(rows) + 1) / 2
    plan = packed(lengths, max(lengths) + 3, batch_size, tail=tail, shuffle=shuffle)
    options = {"value": -1, "store": store}
    plain = PackedDataset(plan, rows, labels, **options)
    weighted = PackedDataset(plan, rows, labels, sample_weight=weights, **options)
    assert len(plain) == len(plan)
    for k in range(2):
        plain.epoch = weighted.epoch = k
        current = plan.epoch(k)
        for i in range(len(plan)):
            x, y, weight = plain[i]
            expected = pack(rows, current, i, value=-1)
            for name, array in expected._asdict().items():
                np.testing.assert_array_equal(x[name], array, strict=True)
            np.testing.assert_array_equal(y, pack(labels, current, i, value=-1).values, strict=True)
            assert weight.dtype == np.float32
            assert np.array_equal(weight, expected.segments > 0)
            weight = weighted[i][2]
            assert weight.dtype == np.float32
            assert weight.shape == y.shape
            assert np.array_equal(weight, np.where(y >= 0, (y + 1) / 2, 0).astype("float32"))


@pytest.mark.slow
def test_fit_shows_the_epochs_of_the_plan():
    plan = packed(LENGTHS, 10, 1, shuffle=2)
    model, seen = tagger(), []
    fetch = PackedDataset.__getitem__

    class Watched(PackedDataset):
        def __getitem__(self, index):
            seen.append((self.epoch, index))
            return fetch(self, index)

    dataset = Watched(plan, ROWS, TARGETS)
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    count = len(plan)
    assert seen[-2 * count :] == [(k, i) for k in (0, 1) for i in range(count)]
    assert dataset.epoch == 2


@pytest.mark.slow
def test_loss_and_outputs_are_those_of_the_rows_alone():
    plan = packed(LENGTHS, 10, 2, tail="pad")
    model = tagger()
    dataset = PackedDataset(plan, ROWS, TARGETS)
    alone = []
    for row in ROWS:
        steps = np.arange(len(row), dtype="int32")[None]
        inputs = {"values": row[None], "segments": np.ones_like(steps), "positions": steps}
        alone.append(keras.ops.convert_to_numpy(model(inputs))[0])
    outputs = model.predict(PackedDataset(plan, ROWS), verbose=0)
    bounds = np.cumsum([0, *plan.sizes])
    unpacked = [
        row for i in range(len(plan)) for row in unpack(outputs[bounds[i] : bounds[i + 1]], plan, i)
    ]
    for one, row in zip(alone, plan.restore(unpacked), strict=True):
        np.testing.assert_allclose(one, row, atol=1e-5)
    _, mean = model.evaluate(dataset, verbose=0)
    losses = np.concatenate(
        [
            -np.log(one[np.arange(len(target)), target])
            for one, target in zip(alone, TARGETS, strict=True)
        ]
    )
    assert mean == pytest.approx(losses.mean(), rel=1e-4)


@pytest.mark.slow
def test_workers_and_pickling_make_no_difference():
    plan = packed(LENGTHS, 10, 1, shuffle=2)
    dataset = PackedDataset(plan, ROWS, TARGETS, sample_weight=np.ones(8), workers=2)
    tagger().fit(dataset, epochs=2, shuffle=False, verbose=0)
    copy = pickle.loads(pickle.dumps(dataset))
    copy.epoch = dataset.epoch
    for i in range(len(plan)):
        left, right = (keras.tree.flatten(each[i]) for each in (dataset, copy))
        assert all(map(np.array_equal, left, right))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ({"plan": fixed(8, 2)}, TypeError, "^plan: expected a plan made by .*packed, got Plan"),
        ({"x": ROWS[:7]}, ValueError, "^x: expected the plan's 8 rows, got 7"),
        ({"x": np.ones((8, 3))}, TypeError, "^x: expected a list of rows, got ndarray"),
        ({"x": [*ROWS[:7], ROWS[0]]}, ValueError, "^x: row 7 has 7 timesteps, but .* as 1"),
        ({"y": list(range(8))}, ValueError, "^y: .* one per timestep, got one target per row"),
        ({"y": np.arange(8)}, TypeError, "^y: expected a list of rows, got ndarray"),
        ({"y": [row[:1] for row in ROWS]}, ValueError, "^y: row 0 has 1 timesteps, but .* as 7"),
        ({"y": [*TARGETS[:7], np.ones(1)]}, TypeError, "^y: .* float64 in row 7"),
        ({"value": 0.5}, ValueError, "^value for x: 0.5"),
        ({"sample_weight": np.ones(7)}, ValueError, r"^sample_weight: expected shape \(8,\)"),
        ({"y": None, "sample_weight": np.ones(8)}, ValueError, "^sample_weight: expected y too"),
        ({"store": "yes"}, TypeError, "^store: expected True or False, got 'yes'"),
    ],
)
def test_bad_data_is_named(data, error, message):
    arguments = {"plan": packed(LENGTHS, 10, 2), "x": ROWS, "y": TARGETS} | data
    with pytest.raises(error, match=message):
        PackedDataset(**arguments)


def test_only_the_batches_there_are_can_be_asked_for():
    dataset = PackedDataset(packed(LENGTHS, 10, 2), ROWS)
    for index in (len(dataset), -1):
        with pytest.raises(IndexError, match=f"batch {index} of a dataset with"):
            dataset[index]
