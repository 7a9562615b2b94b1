"""Every row of the error index is provoked on the version and backend that run, and answers."""

import re
import warnings

import keras
import own_process
import pytest

from helpers import errors
from helpers.errors import matching, situations

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]

LANE = {"3.15": "main", "3.13": "colab"}.get(".".join(keras.__version__.split(".")[:2]))
BACKEND = keras.backend.backend()
WARNED = (
    "x.py:9: UserWarning: Your `PyDataset` class should call `super().__init__(**kwargs)` in its "
    "constructor.\n  self._warn_if_super_not_called()"
)


def caught(function):
    """Everything that a function raised or warned of, the exception last."""
    with warnings.catch_warnings(record=True) as records:
        warnings.simplefilter("always")
        try:
            function()
        except Exception as error:
            return [*(record.message for record in records), error]
    return [record.message for record in records]


def hits(entry, messages):
    """Those of the messages that the row fits."""
    named = [message for message in messages if type(message).__name__ in entry.exception]
    return [each for each in named if matching.fit(entry, errors.fold(str(each)))]


def needs_tensorflow(row):
    """Whether the situation cannot be made here, without TensorFlow."""
    try:
        situations.of(row)
    except ModuleNotFoundError as error:
        return error.name == "tensorflow"
    return False


@pytest.fixture
def fresh_session():  # names of layers begin anew; garbage waits: it would take most of a second
    yield
    keras.utils.clear_session(free_memory=False)


@pytest.mark.parametrize("entry", errors.catalogue(), ids=lambda entry: entry.id)
@pytest.mark.usefixtures("fresh_session")
def test_the_message_is_still_provoked_and_found(entry):
    wording = LANE and entry.wording_on(LANE, BACKEND)
    if wording is None and needs_tensorflow(entry.id):
        return
    if own_process.alone(entry.id):
        if wording is None:
            return
        messages = own_process.raised(entry.id)
    else:
        messages = caught(situations.of(entry.id).provoke)
    found = hits(entry, messages)
    if LANE and wording is None:
        assert found == []
        assert entry not in map(errors.find, messages)
        return
    assert found, f"{entry.id} gave {messages}"
    first = errors.find(found[0])
    assert first is entry, (
        f"{first.id} is more specific: let {entry.id} read more, or put a condition"
    )
    pasted = f"Traceback\n  File x\n{type(found[0]).__name__}: {found[0]}"
    assert errors.find(pasted) is entry
    if isinstance(found[0], Exception) and not isinstance(found[0], Warning):
        assert errors.find(f"{WARNED}\n{pasted}") is entry
    if LANE:
        parts = map(re.escape, errors.fold(wording).split("…"))
        assert re.search(".*".join(parts), errors.fold(str(found[0])))
