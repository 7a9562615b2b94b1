"""Rules about values: where they cannot decide, have nothing to check, and must be silent."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_programs import compiled, dense, ids, vectors
from keras import layers

from helpers.auditing import audit

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]


def verdict(rule, model, data, **options):
    """Return "found", "passed", or why the rule passed or could not decide."""
    report = audit(model, data, select=rule, **options)
    assert "the rule itself failed" not in str(report)
    if report.findings:
        return "found"
    if report.undecided:
        return f"undecided: {report.undecided[0].why}"
    return report.passed[0].why or "passed"


def embedding(*more, size=10, mask_zero=True, dtype="int32"):
    layer = layers.Embedding(size, 4, mask_zero=mask_zero)
    return compiled(keras.Sequential([keras.Input((None,), dtype=dtype), layer, *more]))


def masking(*more, value=0.0, features=3):
    layer = layers.Masking(value)
    return compiled(keras.Sequential([keras.Input((None, features)), *more, layer, layers.GRU(2)]))


# RE112


def test_padding_is_data_needs_a_layer_that_masks():
    assert verdict("RE112", dense(), np.ones((8, 4))) == "no layer of the model masks a value"


def test_blank_step_of_floats_may_be_missing():
    x = vectors()
    x[0, 3] = 0
    assert "the step may be missing; give lengths=" in verdict("RE112", masking(), x)
    assert verdict("RE112", masking(), x, lengths=[7, 2, 5, 3]) == "found"
    assert verdict("RE112", masking(value=-1.0), x) == "passed"


def test_marker_outside_the_range_of_counts_is_on_purpose():
    x = np.random.default_rng(0).poisson(2, (6, 9, 1)).astype("float32")
    x[:, 4] = -1.0
    x[:, -2:] = -1.0
    assert "may be missing" in verdict("RE112", masking(value=-1.0, features=1), x)


def test_two_padded_parts_in_a_row_are_on_purpose():
    x = np.concatenate([ids(), ids((5, 7, 2, 3), seed=1)], axis=1)
    assert "several padded parts" in verdict("RE112", embedding(layers.GRU(2)), x)


def test_one_hot_step_without_a_class_may_be_missing():
    x = np.eye(3, dtype="float32")[np.random.default_rng(0).integers(0, 3, (6, 9))]
    x[0, 3], x[:, 7:] = 0, 0
    assert "no class" in verdict("RE112", masking(), x)


def test_counts_of_several_kinds_are_all_zero_by_chance():
    x = np.random.default_rng(0).poisson(0.4, (16, 12, 3)).astype("float32")
    x[:, 0] = x[:, -1] = 1
    assert verdict("RE112", masking(), x) == "found"


def test_mask_that_nobody_uses_hides_nothing():
    x = ids()
    x[0, 3] = 0
    assert verdict("RE112", embedding(layers.Lambda(lambda h: h[:, 0])), x) == "passed"
    assert verdict("RE112", embedding(layers.GRU(2)), x) == "found"
