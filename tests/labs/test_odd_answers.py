"""Answers of an odd kind: right in another style, or wrong in a way that a sentence can tell."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import math
import re

import keras
import numpy as np
import pytest

from helpers import labs
from helpers.labs.checks import told

tf = pytest.importorskip("tensorflow")

X = np.zeros((105, 26, 12), "float32")
SHAPES = ([32, 26, 12], (9, 26, 12), (105, 9))


class Sequence(keras.utils.PyDataset):
    """Right: every row once."""

    def __init__(self, x, y, size, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return math.ceil(len(self.x) / self.size)

    def __getitem__(self, i):
        part = slice(i * self.size, (i + 1) * self.size)
        return self.x[part], self.y[part]


class Weighted(Sequence):
    def __getitem__(self, i):
        x, y = super().__getitem__(i)
        return x, y, np.ones(len(x))


class OnlyX(Sequence):
    def __getitem__(self, i):
        return super().__getitem__(i)[0]


class Ceiled(Sequence):
    def __len__(self):
        return np.ceil(len(self.x) / self.size)


class Typo(Sequence):
    def __getitem__(self, i):
        return self.rows[i]


class Forgotten(Sequence):
    def __getitem__(self, i):
        super().__getitem__(i)


RIGHT = {
    "a shape as an array": ("shapes", [np.array(shape) for shape in SHAPES], {"x": X}),
    "a shape as a tensor": ("shapes", [tf.constant(shape) for shape in SHAPES], {"x": X}),
    "the batches themselves": ("shapes", [X[:32], X[96:], np.zeros((105, 9))], {"x": X}),
    "weights of one": ("mend", [Weighted], {}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_style_is_right(name, capsys):
    task, answers, given = RIGHT[name]
    labs.check(f"tail-batches/{task}", *answers, **given)
    assert ": right" in capsys.readouterr().out


def mean(x):
    return x.mean(axis=1)


WRONG = {
    "a set for a shape": ("shapes", [{32, 26, 12}, *SHAPES[1:]], {"x": X}, "first: expected whole"),
    "nested lists": ("count", [[3, [4]], 4, 9], {}, "floor: expected a number, got [3, [4]]"),
    "no answers": ("count", [], {}, "it raises TypeError: count() missing 3 required"),
    "np.ceil": ("mend", [Ceiled], {}, "it raises TypeError: 'numpy.float64' object cannot be"),
    "only x": ("mend", [OnlyX], {}, "`__getitem__` returns ndarray of shape (32,); expected `(x"),
    "no return": ("mend", [Forgotten], {}, "`__getitem__` returns None; expected `(x, y)`"),
    "a typo": ("mend", [Typo], {}, "has no attribute 'rows', in your line `return self.rows[i]`."),
    "no dataset": ("mend", [dict], {}, "it raises TypeError: dict expected at most 1 argument"),
    "None as a metric": ("metric", [None], {}, "'NoneType' object has no attribute 'reset_state'"),
    "None for predictions": ("static", [None], {"model": mean, "x": X}, "it computed?"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_kind_is_told_in_a_sentence(name):
    task, answers, given, message = WRONG[name]
    with pytest.raises(labs.Wrong, match=re.escape(message)) as caught:
        labs.check(f"tail-batches/{task}", *answers, **given)
    text = str(caught.value)
    assert text.startswith(f"tail-batches/{task}: ")
    assert len(text) < 400
    assert "\n" not in text


TRUTH = np.arange(20.0).reshape(10, 2)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "expected an array (batch, class), got None. Does it return what it computed?"),
        ([[1.0], [2.0, 3.0]], "expected an array (batch, class), got [[1.0], [2.0, 3.0]]"),
        (["a"] * 10, "expected an array (batch, class), got ['a', 'a'"),
        (np.where(TRUTH == 4, np.nan, TRUTH), "row 2 holds NaN (1 of 10)"),
        (TRUTH[::-1].tolist(), "the order along the batch axis is not"),
    ],
)
def test_wrong_arrays_are_told_shortly(answer, message):
    with pytest.raises(labs.Wrong, match=re.escape(message)) as caught:
        labs.check_same_rows(answer, TRUTH, ("batch", "class"), name="predictions")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("kind", [np.ndarray.tolist, list, tf.constant])
def test_an_array_may_be_a_list_or_a_tensor(kind):
    labs.check_same_rows(kind(TRUTH), TRUTH, ("batch", "class"), name="predictions")


def test_a_mask_is_no_set_of_numbers():
    given = {"labels": [[1, 1], [2]], "sizes": np.array([[4, 2], [4, 9]]), "parts": [TRUTH]}
    with pytest.raises(labs.Wrong, match=r"got True and False; `np.flatnonzero`"):
        labs.check("images-to-sequences/steps", [3, 1], np.array([True, False]), **given)


def test_a_long_error_is_cut():
    assert len(told(ValueError("x" * 5000))) < 300
    assert told(StopIteration()) == "it raises StopIteration."
