"""What the tests of datasets share: the forms that a dataset has, rows, and batches as NumPy."""

from functools import partial

import keras
import numpy as np
import pytest

from helpers.feeding import PlannedDataset, tf_dataset

N = 105
IDS = np.arange(N, dtype="float32")[:, None]
ZEROS = np.zeros(N, "float32")
PLANNED = {"planned": PlannedDataset, "planned, no store": partial(PlannedDataset, store=False)}
GRAPH = {"graph": tf_dataset, "graph, no store": partial(tf_dataset, store=False)}


def forms(choice):
    return pytest.mark.parametrize("form", choice.values(), ids=choice)


BOTH = forms(PLANNED | GRAPH)
# For tests with a model: test_graph.py shows that stored or not the batches are the same.
STORED = forms({"planned": PlannedDataset, "graph": tf_dataset})
RAGGED = [np.full((length, 2), length, "float32") for length in (5, 2, 7, 1, 3)]


def as_numpy(batch):
    return keras.tree.map_structure(np.asarray, batch)


def assert_same(a, b):
    keras.tree.assert_same_structure(a, b)
    for left, right in zip(keras.tree.flatten(a), keras.tree.flatten(b), strict=True):
        np.testing.assert_array_equal(left, right, strict=True)
