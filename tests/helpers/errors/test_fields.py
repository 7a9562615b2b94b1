"""What a row says beside its answer: axes, older wordings, rows that it is confused with."""

import pytest

from helpers import errors
from helpers.errors.index import AXES

ROWS = {row.id: row for row in errors.catalogue()}


@pytest.mark.parametrize(
    ("row", "text"), [(row.id, text) for row in ROWS.values() for text in row.older]
)
def test_an_older_wording_finds_its_row(row, text):
    assert errors.find(f"ValueError: {text}").id == row


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.siblings], ids=lambda r: r.id)
def test_a_sibling_is_another_row_and_is_told_apart(row):
    assert set(row.siblings) <= set(ROWS) - {row.id}
    assert all(when and not when.endswith(".") for when in row.siblings.values())
    assert len(row.siblings) <= 2


def test_axes_are_known():
    assert {axis for row in ROWS.values() for axis in row.axes} == set(AXES)
