"""What an exception says, in one line."""

import pytest

from helpers.raised import first_line

SAID = {
    "\n  Shapes differ \nmore": "Shapes differ",
    "Exception encountered when calling LSTM.call().\n\n\x1b[1mDiffer\x1b[0m\n": "Differ",
    "Exception encountered when calling LSTM.call().": (
        "Exception encountered when calling LSTM.call()."
    ),
}


@pytest.mark.parametrize("text", SAID)
def test_the_line_that_says_what_is_wrong(text):
    assert first_line(ValueError(text)) == first_line(text) == SAID[text]


def test_an_error_without_words_is_called_by_its_class():
    assert first_line(AssertionError()) == "AssertionError"
    assert first_line(KeyError("")) == "''"
