"""The batches of a dataset: rows of any length, stacked or padded; bad data is named."""

import os
import pickle

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pytest
from dataset_forms import GRAPH, IDS, RAGGED, ZEROS, N, as_numpy, assert_same, forms

from helpers.batching import Plan, fixed
from helpers.feeding import PlannedDataset, tf_dataset

tf = pytest.importorskip("tensorflow")


@pytest.mark.parametrize("length", [None, 9])
@pytest.mark.parametrize("tail", ["keep", "drop", "pad", "wrap"])
@forms(GRAPH)
def test_both_forms_give_the_same_batches_for_three_epochs(form, tail, length):
    plan = fixed(5, 2, tail=tail, shuffle=1)
    x = {"tokens": RAGGED, "more": (np.arange(5), [[0.5]] * 5)}
    y = [np.full(len(row), 3, "int32") for row in RAGGED]
    options = {"sample_weight": [1, 2, 3, 4, 5], "length": length, "side": "pre", "value": -1}
    dataset, other = PlannedDataset(plan, x, y, **options), form(plan, x, y, **options)
    assert len(other) == len(dataset) == len(plan)
    for k in range(3):
        dataset.epoch = k
        batches = [as_numpy(batch) for batch in other]
        assert len(batches) == len(dataset)
        for i, batch in enumerate(batches):
            assert_same(batch, dataset[i])


def test_a_ragged_batch_is_padded_to_its_longest_row():
    dataset = PlannedDataset(fixed(5, 2), RAGGED)
    assert [batch[0].shape for batch in dataset] == [(2, 5, 2), (2, 7, 2), (1, 3, 2)]
    assert dataset[0][0][1, :, 0].tolist() == [2, 2, 0, 0, 0]
    assert dataset[0][0].dtype == np.float32
    dataset = PlannedDataset(fixed(5, 2), RAGGED, length=8, side="pre", value=np.nan)
    assert {batch[0].shape[1] for batch in dataset} == {8}
    assert np.isnan(dataset[0][0][1, :6]).all()


def test_rows_of_one_length_are_stacked_in_their_dtype():
    images = [np.full((2, 2), i, "uint8") for i in range(5)]
    dataset = PlannedDataset(fixed(5, 2), images, [0, 1, 2, 3, 4], value=-1)  # nothing to pad
    assert_same(dataset[2], (np.full((1, 2, 2), 4, "uint8"), np.array([4])))


@forms(GRAPH)
def test_the_signature_is_static_where_it_can_be(form):
    def spec(plan, x, **options):
        return [tuple(s.shape) for s in tf.nest.flatten(form(plan, x, **options).element_spec)]

    assert spec(fixed(5, 2), RAGGED) == [(None, None, 2)]
    assert spec(fixed(5, 2, tail="pad"), RAGGED) == [(2, None, 2)]
    assert spec(fixed(5, 2, tail="wrap"), RAGGED, length=9) == [(2, 9, 2)]
    assert spec(fixed(5, 5), [row[:1] for row in RAGGED]) == [(5, 1, 2)]
    assert spec(fixed(5, 2, tail="pad"), RAGGED, y=np.zeros((5, 4))) == [(2, None, 2), (2, 4), (2,)]
    assert form(fixed(5, 2), RAGGED).cardinality().numpy() == 3


def test_only_the_batches_there_are_can_be_asked_for():
    dataset = PlannedDataset(fixed(5, 2), IDS[:5])
    assert len(dataset) == dataset.num_batches == 3
    for index in (3, -1):
        with pytest.raises(IndexError, match=f"batch {index} of a dataset with 3 batches"):
            dataset[index]


def test_rows_are_not_copied():
    ids, zeros = IDS.copy(), ZEROS.copy()
    dataset = PlannedDataset(fixed(N, 32), ids, zeros)
    ids[:], zeros[:] = -1, -2
    for batch in dataset:
        assert [set(part.ravel().tolist()) for part in batch] == [{-1}, {-2}]


def test_a_dataset_survives_pickling():
    plan = fixed(5, 2, tail="pad", shuffle=1)
    dataset = PlannedDataset(plan, (RAGGED, IDS[:5]), ZEROS[:5], workers=2)
    copy = pickle.loads(pickle.dumps(dataset))
    copy.epoch = dataset.epoch = 2
    assert copy.workers == 2
    assert isinstance(copy.current, Plan)
    for i in range(len(dataset)):
        assert_same(copy[i], dataset[i])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ({"x": IDS[:4]}, ValueError, "^x: expected the plan's 5 rows, got 4"),
        ({"x": RAGGED[:4]}, ValueError, "^x: expected the plan's 5 rows, got 4"),
        ({"y": np.zeros(6)}, ValueError, "^y: expected the plan's 5 rows, got 6"),
        ({"x": {"tokens": RAGGED[:4]}}, ValueError, r"^x\['tokens'\]: .* got 4"),
        ({"x": (RAGGED, {"a": (IDS,)})}, ValueError, r"^x\[1\]\['a'\]\[0\]: .* got 105"),
        ({"x": None}, TypeError, "^x: expected rows, got None"),
        ({"x": {}}, ValueError, "^x: expected rows, got an empty dict"),
        ({"x": []}, ValueError, "^x: expected at least one row"),
        ({"x": (row for row in RAGGED)}, TypeError, "^x: expected an array.* got generator"),
        ({"x": np.array([*RAGGED[:4], None], object)}, TypeError, "^x: .* object array"),
        ({"x": np.float32(1)}, ValueError, "^x: .* got a scalar"),
        ({"x": [*RAGGED[:4], np.ones((2, 3), "float32")]}, ValueError, "^x: .* in row 4"),
        ({"x": [*RAGGED[:4], np.ones((2, 2))]}, TypeError, "^x: .* float64 in row 4"),
        ({"y": [0, 1, 2, 3, 4.5]}, TypeError, "^y: expected one dtype, got int64 .* float64"),
        ({"y": list("abcde")}, TypeError, r"^y\[0\]: expected numbers"),
        ({"length": 6}, ValueError, "^x: row 2 has 7 timesteps, more than length=6"),
        ({"length": 0}, ValueError, "^length: "),
        ({"side": "left"}, ValueError, "^side: "),
        ({"store": 1}, TypeError, "^store: expected True or False, got 1"),
        ({"y": [[1], [1, 2], [1], [1], [1]], "value": 0.5}, ValueError, "^value for y: 0.5"),
        ({"sample_weight": np.ones(4)}, ValueError, r"^sample_weight: .* got \(4,\)"),
        ({"sample_weight": np.ones((5, 1))}, ValueError, r"^sample_weight: .* got \(5, 1\)"),
        ({"sample_weight": [1, 1, np.nan, 1, 1]}, ValueError, "^sample_weight: .* for row 2"),
        ({"sample_weight": list("abcde")}, TypeError, "^sample_weight: "),
        ({"y": None, "sample_weight": np.ones(5)}, ValueError, "^sample_weight: expected y too"),
        ({"plan": [[0, 1], [2, 3]]}, TypeError, "^plan: expected .*Plan, got list"),
    ],
)
@forms({"planned": PlannedDataset, "graph": tf_dataset})
def test_bad_data_is_named(form, data, error, message):
    arguments = {"plan": fixed(5, 2), "x": RAGGED, "y": ZEROS[:5]} | data
    with pytest.raises(error, match=message):
        form(**arguments)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"workers": "2"}, "workers: expected an integer, got str"),
        ({"workers": 0}, "workers: expected an integer of at least 1, got 0"),
        ({"workers": 4, "max_queue_size": "5"}, "max_queue_size: expected an integer, got str"),
        ({"max_queue_size": 0}, "max_queue_size: expected an integer of at least 1, got 0"),
        ({"use_multiprocessing": 1}, "use_multiprocessing: expected True or False, got 1"),
    ],
)
def test_options_on_which_fit_would_hang_are_refused(option, message):
    with pytest.raises((TypeError, ValueError), match=message):
        PlannedDataset(fixed(5, 2), RAGGED, **option)
