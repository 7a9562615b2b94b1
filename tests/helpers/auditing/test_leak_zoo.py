"""The audit finds every leak of the zoo from a padded batch alone, and accuses no other model."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import pytest
from leak_models import ZOO
from leak_parts import TOLD, padded

from helpers.auditing import audit

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*destroy the mask")]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("entry", ZOO, ids=lambda entry: entry.name)
def test_leak_is_found_from_a_padded_batch(entry, side):
    model, rows, *options = entry.make()
    options = options[0] if options else {}
    value = options.get("value", 0)
    if TOLD.intersection(options) or isinstance(value, tuple | dict):
        pytest.skip("the audit takes no such option for one batch")
    x = padded(rows, side, value)
    report = audit(model, x, select="RE2", value=value, side=side)
    assert bool(report.errors) == (side in entry.sides), str(report)
    assert report.undecided == ()
