"""Rows that are stored, padded or as they are: the same batches as rows that are not."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import ml_dtypes
import numpy as np
import pytest
from dataset_forms import RAGGED, as_numpy, assert_same
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.batching import Plan, bucketed, fixed
from helpers.feeding import PlannedDataset, tf_dataset
from helpers.feeding.feed import Feed

pytestmark = pytest.mark.slow

LENGTHS = [5, 2, 7, 1, 3]  # of the rows of RAGGED
SIZES = [(8, 10), (6, 12), (8, 30), (5, 9), (7, 25), (8, 5)]
IMAGES = [
    np.random.default_rng(height * width).integers(1, 256, (height, width, 1)).astype("uint8")
    for height, width in SIZES
]


def padded_once(plan, *parts, **options):
    """For each array of a batch, whether its rows were stored: the caller's changes are not seen.

    Rows that are padded batch by batch, and arrays, which are never padded, stay the caller's.
    """
    parts = keras.tree.map_structure(np.copy, parts)
    dataset = PlannedDataset(plan, *parts, **options)

    def batches():
        return [keras.tree.flatten(dataset[i][: len(parts)]) for i in range(len(dataset))]

    before = batches()
    for array in keras.tree.flatten(parts):
        array[...] = 1 - array
    return [
        all(map(np.array_equal, one, other))
        for one, other in zip(zip(*before, strict=True), zip(*batches(), strict=True), strict=True)
    ]


def assert_stored_or_not(plan, *arguments, epochs=3, **options):
    """All four ways give the same batches in every epoch."""
    expected = PlannedDataset(plan, *arguments, store=False, **options)
    stored = PlannedDataset(plan, *arguments, **options)
    graphs = [tf_dataset(plan, *arguments, store=store, **options) for store in (True, False)]
    keras.tree.map_structure(
        lambda a, b: pytest.fail(f"{a} and {b}") if a != b else None,
        *(graph.element_spec for graph in graphs),
    )
    for k in range(epochs):
        expected.epoch = stored.epoch = k
        for graph in graphs:
            batches = [as_numpy(batch) for batch in graph]
            assert len(batches) == len(graph) == len(expected)
            for i, batch in enumerate(batches):
                assert_same(batch, expected[i])
        for i in range(len(expected)):
            assert_same(stored[i], expected[i])
    return stored


@st.composite
def datasets(draw):
    """A plan and rows for it, on one axis or two, with options that go together."""
    n = draw(st.integers(1, 9))
    axes = draw(st.sampled_from([1, 2]))
    side = st.integers(0, 6)
    sizes = draw(st.lists(st.tuples(*[side] * axes), min_size=n, max_size=n))
    features = draw(st.sampled_from([(), (2,)]))
    dtype = draw(st.sampled_from(["int32", "float16", "bool", "uint8"]))
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    rows = [rng.integers(0, 2, (*size, *features)).astype(dtype) for size in sizes]
    lengths = np.array(sizes)[:, 0] if axes == 1 else np.array(sizes)
    batch_size, shuffle = draw(st.integers(1, 4)), draw(st.sampled_from([None, 3]))
    tail = draw(st.sampled_from(["keep", "pad", "wrap"]))
    kind = draw(st.sampled_from(["fixed", "known", "bucketed"] if axes == 1 else ["known", "box"]))
    if kind in ("fixed", "known"):
        known = lengths if kind == "known" else None
        plan = fixed(n, batch_size, tail=tail, shuffle=shuffle, lengths=known)
    else:
        boundaries = [2, 4, 7] if axes == 1 else [(3, 6), (6, 3), (6, 6), (6, 7)]
        plan = bucketed(lengths, batch_size, boundaries, tail=tail, shuffle=shuffle)
    options = {"value": 1}
    if axes == 1:
        options["side"] = draw(st.sampled_from(["post", "pre"]))
    options["length"] = draw(st.sampled_from([None, 9]))
    labels = [np.arange(draw(st.integers(0, 3)), dtype="int32") for _ in range(n)]
    y = draw(st.sampled_from([None, np.arange(n), labels]))
    if y is not None and draw(st.booleans()):
        options["sample_weight"] = np.linspace(0.1, 1, n)
    return plan, {"rows": rows, "numbers": (np.arange(n),)}, y, options


@settings(max_examples=12)
@given(datasets())
def test_stored_or_not_the_batches_are_the_same(arguments):
    plan, x, y, options = arguments
    assert_stored_or_not(plan, x, y, epochs=2, **options)


@pytest.mark.parametrize("tail", ["keep", "drop", "pad", "wrap"])
@pytest.mark.parametrize("side", ["post", "pre"])
def test_sequences_of_a_bucketed_plan_are_stored_padded(side, tail):
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 12, 60)
    rows = [rng.normal(size=(length, 3)).astype("float32") for length in lengths]
    plan = bucketed(lengths, 4, [3, 6, 12], tail=tail, shuffle=1)
    stored = assert_stored_or_not(plan, rows, np.arange(60), side=side, value=-1)
    assert {batch[0].shape[1:] for batch in stored} == {(3, 3), (6, 3), (12, 3)}
    assert padded_once(plan, rows, np.arange(60), side=side, value=-1) == [True, False]


def test_images_are_stored_padded_on_both_axes():
    for boundaries in ([(8, 12), (8, 32)], [(8, 9), (9, 8), (8, 12), (12, 30), (30, 12)]):
        plan = bucketed(SIZES, 2, boundaries, shuffle=1, tail="pad")
        assert_stored_or_not(plan, IMAGES, np.arange(6), value=7)
        assert padded_once(plan, IMAGES, np.arange(6), value=7) == [True, False]
        assert padded_once(plan, IMAGES, np.arange(6), value=7, store=False) == [False, False]
    stored = assert_stored_or_not(plan, IMAGES, length=(None, 40))
    assert {batch[0].shape[2] for batch in stored} == {40}
    known = fixed(6, 2, lengths=SIZES)
    assert_stored_or_not(known, IMAGES)
    assert padded_once(known, IMAGES) == [False]


def test_what_can_be_stored_padded():
    assert padded_once(fixed(5, 2), RAGGED) == [False]
    assert padded_once(fixed(5, 2), RAGGED, length=9) == [True]
    assert padded_once(fixed(5, 2), RAGGED, length=9, store=False) == [False]
    assert padded_once(fixed(5, 2), [row[:1] for row in RAGGED]) == [True]
    assert padded_once(fixed(5, 2, lengths=LENGTHS), RAGGED) == [False]
    names = [np.array(name) for name in ([1], [1, 2], [1], [1], [1])]
    assert padded_once(bucketed(LENGTHS, 2, [4, 8]), (RAGGED, names)) == [True, False]


def test_rows_that_one_epoch_leaves_out_are_there_in_the_next():
    lengths = [1, 2, 3, 1, 2, 6, 7, 8, 6, 7]
    rows = [np.full(length, i) for i, length in enumerate(lengths)]
    plan = bucketed(lengths, 2, [4, 8], tail="drop", shuffle=3)
    assert len(plan.never_seen) == 2
    assert set(plan.never_seen.tolist()) != set(plan.epoch(1).never_seen.tolist())
    assert_stored_or_not(plan, rows, epochs=4)


def test_a_plan_whose_rows_are_not_in_their_own_bucket_is_padded_batch_by_batch():
    plan = bucketed([1, 5], 1, [4, 8])
    moved = Plan(
        n=2,
        rows=np.array([0, 1]),
        bounds=np.array([0, 1, 2]),
        real=np.ones(2, bool),
        batch_size=1,
        tail="keep",
        lengths=plan.lengths,
        padded_lengths=np.array([8, 8]),
        boundaries=plan.boundaries,
    )
    stored = assert_stored_or_not(moved, [np.ones(1), np.ones(5)])
    assert [batch[0].shape for batch in stored] == [(1, 8), (1, 8)]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "float16", "complex128", "bfloat16"])
def test_dtypes_are_kept(dtype):
    dtype = np.dtype(getattr(ml_dtypes, dtype, dtype))
    rows = [np.ones((length, 3), dtype) for length in LENGTHS]
    for plan in (fixed(5, 2), bucketed(LENGTHS, 2, [4, 8], tail="pad")):
        stored = assert_stored_or_not(plan, rows, np.ones(5, dtype), value=0)
        assert stored[0][0].dtype == dtype


def test_texts_rows_without_steps_and_features_of_size_zero():
    texts = np.array(["a", "bc", "d", "", "e"])
    assert [batch[0].numpy().tolist() for batch in tf_dataset(fixed(5, 3), texts)] == [
        [b"a", b"bc", b"d"],
        [b"", b"e"],
    ]
    empty = [np.zeros((0, 2), "float32")] * 5
    assert_stored_or_not(fixed(5, 2), empty, np.arange(5))
    assert_stored_or_not(fixed(5, 2), [np.zeros((length, 0)) for length in LENGTHS])
    assert_stored_or_not(bucketed(LENGTHS, 2, [4, 8]), [np.zeros((n, 0)) for n in LENGTHS])


def test_an_array_of_one_buffer_of_odd_sizes_is_cut_where_it_should():
    # Arrays of 1 byte and odd lengths: each begins where TensorFlow can cut without a copy.
    rng = np.random.default_rng(0)
    lengths = np.repeat([1, 3, 5, 7, 9, 11, 13], 3)
    rows = [rng.integers(0, 256, length).astype("uint8") for length in lengths]
    assert_stored_or_not(bucketed(lengths, 2, np.unique(lengths), shuffle=0), rows)


@pytest.mark.parametrize("plan", [fixed(5, 2, shuffle=1), bucketed(LENGTHS, 2, [4, 8], shuffle=1)])
def test_python_plans_an_epoch_and_makes_no_batch(plan, monkeypatch):
    asked = []
    epoch = Plan.epoch
    monkeypatch.setattr(Plan, "epoch", lambda self, k: asked.append(k) or epoch(self, k))
    monkeypatch.setattr(Feed, "reader", lambda *_: pytest.fail("a batch was made in Python"))
    dataset = tf_dataset(plan, RAGGED, LENGTHS)
    assert asked == []
    for k in range(3):
        assert len(list(dataset)) == 3
        assert asked == list(range(k + 1))


def test_iterations_side_by_side_are_epochs_of_their_own():
    plan = fixed(50, 2, shuffle=1)
    dataset = tf_dataset(plan, np.arange(50))
    first, second = iter(dataset), iter(dataset)
    pairs = [(next(first)[0].numpy(), next(second)[0].numpy()) for _ in range(25)]
    for batches, k in zip(zip(*pairs, strict=True), (0, 1), strict=True):
        assert np.array_equal(np.concatenate(batches), plan.epoch(k).rows)


def test_the_pipeline_can_go_on():
    plan = bucketed(LENGTHS, 2, [4, 8], tail="pad", shuffle=1)
    dataset = tf_dataset(plan, RAGGED, np.arange(5))
    doubled = dataset.map(lambda x, y, w: (2 * x, y, w), num_parallel_calls=2).repeat(2)
    assert doubled.cardinality().numpy() == 2 * len(plan)
    expected = PlannedDataset(plan, RAGGED, np.arange(5))
    for k, batches in enumerate([list(doubled)[: len(plan)], list(doubled)[len(plan) :]]):
        expected.epoch = 3 * k  # the first list shows epochs 0 and 1, the second 2 and 3
        for i, (x, _, _) in enumerate(batches):
            assert np.array_equal(x, 2 * expected[i][0])


def test_tensors_are_in_the_memory_of_the_cpu():
    from helpers.feeding import tf_graph

    assert "CPU:0" in tf_graph._constant(np.ones(3)).device


def test_a_batch_that_the_caller_changes_is_his():
    rows = [np.ones(length) for length in LENGTHS]
    for plan in (fixed(5, 2, tail="pad"), bucketed(LENGTHS, 2, [4, 8], tail="pad")):
        for store in (True, False):
            dataset = PlannedDataset(plan, rows, np.ones(5), store=store)
            for part in dataset[0]:
                part[:] = 7
            assert [part.max() for part in dataset[0]] == [1, 1, 1]


@pytest.mark.parametrize("store", [True, False])
def test_rows_that_the_caller_changes_later_are_his_where_they_are_stored(store):
    plan = bucketed(LENGTHS, 2, [4, 8])
    expected = 1 if store else 7
    # In tensors everything is stored; else lists are, whose rows are padded ahead.
    for make, known in ((tf_dataset, plan), (tf_dataset, fixed(5, 2)), (PlannedDataset, plan)):
        rows, y = [np.ones(length) for length in LENGTHS], np.ones((5, 64))
        dataset = make(known, rows, y, store=store)
        for array in (*rows, y):
            array[:] = 7
        for batch in dataset:
            assert np.max(batch[0]) == expected
            if make is tf_dataset:
                assert np.max(batch[1]) == expected
