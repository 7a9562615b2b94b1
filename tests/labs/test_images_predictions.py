"""The lab on images of varying size: predicted shapes, sizes and steps, and which encoders leak."""

import functools
import re
import warnings

import lab_runs
import numpy as np
import pytest
from keras import layers, ops

from helpers import images
from helpers.labs.tasks import images_to_sequences as tasks

pytestmark = pytest.mark.slow

untouched = lab_runs.fixture("images-to-sequences")
right = functools.partial(lab_runs.right, "images-to-sequences")
wrong = functools.partial(lab_runs.wrong, "images-to-sequences")


@pytest.fixture(autouse=True)
def quiet():
    """Models that drop a mask are built here on purpose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*destroy the mask")
        yield


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


def test_the_untouched_lab_says_not_attempted_at_every_task(untouched):
    told = lab_runs.verdicts("images-to-sequences", untouched[1])
    assert told == [(task, "not attempted") for task in tasks.TASKS]


# --- 1: shapes -----------------------------------------------------------------------------------


SHAPES = {
    "columns": ((3, 15, 96), [15, 3, 7]),
    "rows": ((3, 6, 16), [4, 5, 6]),
    "cells": ((3, 90, 16), [60, 15, 42]),
}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            {"columns": ((3, 15, 16), [15, 3, 7])},
            "columns: the features axis: expected 96, got 16; batch and time are right.",
        ),
        (
            {"columns": ((3, 30, 96), [15, 3, 7])},
            "columns: the time axis: expected 15 steps, got 30; batch and features are right.",
        ),
        (
            {"columns": ((3, 15, 96), [30, 6, 14])},
            "columns, real steps of string 0: expected 15, got 30. Count the columns of the map, "
            "its width, where this string is.",
        ),
        (
            {"columns": ((3, 15, 96), [15, 15, 15])},
            "columns, real steps of string 1: expected 3, got 15.",
        ),
        ({"columns": ((3, 15, 96), 15)}, "columns, real steps: expected whole numbers (3,), one"),
        ({"columns": ((3, 15, 96), [15, 3])}, "columns, real steps: expected whole numbers (3,)"),
        ({"columns": (3, 15, 96)}, "columns: expected two answers, shape and real steps, got"),
        ({"rows": ((3, 15, 16), [4, 5, 6])}, "rows: the time axis: expected 6 steps, got 15;"),
        (
            {"rows": ((3, 6, 16), [15, 3, 7])},
            "rows, real steps of string 0: expected 4, got 15. Count the rows of the map, its he",
        ),
        ({"rows": ((3, 6, 240), [4, 5, 6])}, "rows: the features axis: expected 16, got 240;"),
        ({"cells": ((3, 6, 15, 16), [60, 15, 42])}, "cells: expected 3 axes (batch, time, feat"),
        (
            {"cells": ((3, 90, 16), [90, 90, 90])},
            "cells, real steps of string 0: expected 60, got 90. Count the cells of the map, its "
            "height times its width, where this string is.",
        ),
    ],
)
def test_wrong_shapes(names, answer, message):
    given = {name: names[name] for name in ("ways", "feature_map", "map_sizes")}
    assert wrong("shapes", **SHAPES | answer, **given).startswith(message)


def test_shapes_may_be_lists_and_arrays(names):
    given = {name: names[name] for name in ("ways", "feature_map", "map_sizes")}
    answers = {name: [list(shape), np.array(real)] for name, (shape, real) in SHAPES.items()}
    right("shapes", **answers, **given)


# --- 2: sizes ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def five():
    return [
        layers.Conv2D(4, 3, name="conv_1"),
        layers.MaxPooling2D(2, name="pool_1"),
        layers.Conv2D(4, 3, padding="same", name="conv_2"),
        layers.MaxPooling2D((2, 1), name="pool_2"),
        layers.Conv2D(4, (2, 3), name="conv_3"),
    ]


THREE = [(10, 9), (12, 14), (17, 31)]
LEFT = [(1, 1), (1, 4), (2, 12)]


@pytest.mark.parametrize(
    ("left", "smallest", "message"),
    [
        (
            [(1, 2), (1, 4), (2, 12)],
            (10, 8),
            "left: image 0, the width axis: expected 1, got 2. Of 9 pixels the layers leave: "
            "conv_1 7, pool_1 3, conv_2 3, pool_2 3, conv_3 1.",
        ),
        (
            [(1, 1), (2, 4), (2, 12)],
            (10, 8),
            "left: image 1, the height axis: expected 1, got 2. Of 12 pixels the layers leave: "
            "conv_1 10, pool_1 5, conv_2 5, pool_2 2, conv_3 1.",
        ),
        ([(2, 12)] * 3, (10, 8), "left: image 0, the height axis: expected 1, got 2."),
        ([1, 4, 12], (10, 8), "left: expected whole numbers (3, 2), height and width of each"),
        ([(1, 1), (1,), (2,)], (10, 8), "left: expected whole numbers (3, 2), height and width"),
        ([(1.5, 1), (1, 4), (2, 12)], (10, 8), "left: expected whole numbers (3, 2)"),
        (LEFT, 10, "smallest: expected whole numbers (2,), height and width, got 10."),
        (LEFT, (8, 10), "smallest: the height axis: 8 pixels are too few: `conv_3` gets 1 and"),
        (
            LEFT,
            (10, 7),
            "smallest: the width axis: 7 pixels are too few: `conv_3` gets 2 and needs 3.",
        ),
        (LEFT, (10, 2), "smallest: the width axis: 2 pixels are too few: `conv_1` gets 2 and nee"),
        (LEFT, (10, 9), "smallest: the width axis: 9 pixels work, and 8 work too."),
        (LEFT, (11, 8), "smallest: the height axis: 11 pixels work, and 10 work too."),
    ],
)
def test_wrong_sizes(five, left, smallest, message):
    assert wrong("sizes", left, smallest, parts=five, sizes=THREE).startswith(message)


def test_sizes_may_be_arrays(five):
    right("sizes", np.array(LEFT), [10, 8], parts=five, sizes=THREE)


# --- 3: which accept, which leak -----------------------------------------------------------------


ACCEPT, LEAK = {"resize", "sized_mean", "sized_max", "column_max"}, {"resize", "sized_mean"}


@pytest.mark.parametrize(
    ("accept", "leak", "message"),
    [
        (ACCEPT | {"flatten"}, LEAK, r"flatten does not accept two sizes: \S.*\.$"),
        (ACCEPT | {"column_flat"}, LEAK, r"column_flat does not accept two sizes: .*'flatten'"),
        (ACCEPT - {"resize"}, LEAK, r"resize accepts two sizes: no layer in it needs a fixed one"),
        (ACCEPT, LEAK | {"flatten"}, r"flatten cannot leak: it does not accept two sizes\.$"),
        (ACCEPT, LEAK | {"sized_max"}, r"sized_max does not leak: padding leaves each image's"),
        (
            ACCEPT,
            LEAK | {"column_max"},
            r"column_max does not leak: padding leaves each image's answer",
        ),
        (ACCEPT, LEAK - {"resize"}, r"resize leaks: in a padded batch `resize` reads padding: an"),
        (ACCEPT, {"resize"}, r"sized_mean leaks: in a padded batch `mean` reads padding: an im"),
        (
            {"flatten"},
            set(),
            r"flatten does not .* resize accepts .* sized_mean accepts .* sized_max accepts .* "
            r"column_max accepts two sizes: no layer in it needs a fixed one\.$",
        ),
        ("resize", LEAK, r"accept: expected a set of names, such as \{'a', 'b'\}, got 'resize'\."),
        (ACCEPT, None, r"leak: expected a set of names, such as"),
        (ACCEPT, {"mean"}, r"leak: there is no 'mean'; there are flatten, resize, sized_mean, s"),
    ],
)
def test_wrong_sets(names, accept, leak, message):
    given = {"encoders": names["encoders"], "pictures": names["pictures"]}
    assert re.match(message, wrong("which", accept, leak, **given))


# --- 6: steps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("needed", "narrow", "message"),
    [
        (
            [3, 3, 2, 4, 4],
            {0, 1},
            "needed, string 0: expected 5, got 3. It has 3 digits, and a blank between two equal",
        ),
        ([5, 4, 3, 5, 5], {0, 1}, "needed, string 3: expected 6, got 5. It has 4 digits, and a"),
        ([7, 7, 5, 9, 9], {0, 1}, "needed, string 0: expected 5, got 7."),
        ([5, 4, 3], {0, 1}, "needed: expected whole numbers (5,), one number per string, got"),
        (
            [5, 4, 3, 6, 5],
            {0},
            "too_narrow: string 1 does not fit: its 15 pixels give 3 steps, it needs 4.",
        ),
        (
            [5, 4, 3, 6, 5],
            {0, 1, 2},
            "too_narrow: string 2 fits: its 12 pixels give 3 steps, it needs 3.",
        ),
        ([5, 4, 3, 6, 5], {1, 2}, "too_narrow: string 0 does not fit: its 17 pixels give 4 ste"),
        ([5, 4, 3, 6, 5], {1, 5}, "too_narrow: there is no string 5; count from 0."),
        ([5, 4, 3, 6, 5], 2, "too_narrow: expected a set of numbers, such as {2, 4}, got 2."),
        ([5, 4, 3, 6, 5], "01", "too_narrow: expected a set of numbers, such as {2, 4}, got '01'"),
    ],
)
def test_wrong_steps(steps_given, needed, narrow, message):
    assert wrong("steps", needed, narrow, **steps_given).startswith(message)


def test_steps_may_be_an_array_and_a_list(steps_given):
    right("steps", np.array([5, 4, 3, 6, 5]), [1, 0], **steps_given)


@pytest.fixture(scope="module")
def steps_given(names):
    _, sizes, labels = names["strings"](250, (2, 4), seed=5)
    chosen = names["chosen"]
    pools = [layers.MaxPooling2D(2), layers.MaxPooling2D(2)]
    return {"sizes": sizes[chosen], "labels": [labels[i] for i in chosen], "parts": pools}


def test_the_loss_agrees_about_the_strings_that_do_not_fit(steps_given):
    labels = steps_given["labels"]
    have = ops.convert_to_numpy(images.output_sizes(steps_given["parts"], steps_given["sizes"]))
    finite = []
    for label, (_, steps) in zip(labels, have, strict=True):
        try:
            finite.append(np.isfinite(images.CTCLoss()(label[None], np.zeros((1, steps, 11)))))
        except ValueError:
            finite.append(False)
    assert finite == [False, False, True, True, True]
