"""The lab on augmentation: what pipelines do to shape and scale, and contracts of their batches."""

import functools
import re

import keras
import lab_runs
import numpy as np
import pytest

from helpers.augmentation import Declared
from helpers.labs.tasks import augmentation as tasks

pytestmark = pytest.mark.slow

untouched = lab_runs.fixture("augmentation")
right = functools.partial(lab_runs.right, "augmentation")
wrong = functools.partial(lab_runs.wrong, "augmentation")


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(3)


def run_once(pipelines):
    """Run each pipeline once; return functions that give what it gave."""
    made = {name: run() for name, run in pipelines.items()}
    return {name: lambda name=name: made[name] for name in made}


def test_the_untouched_lab_says_not_attempted_at_every_task(untouched):
    told = lab_runs.verdicts("augmentation", untouched[1])
    assert told == [(task, "not attempted") for task in tasks.TASKS]


# --- 1: shapes -----------------------------------------------------------------------------------


SHAPES = {
    "turn": (8, 30, 45, 1),
    "tf.data": (8, 24, 24, 1),
    "predict": (8, 30, 45, 1),
    "letterbox": (24, 36, 1),
    "bucket": (2, 32, 32, 1),
    "folder": (3, 256, 256, 3),
}


@pytest.fixture(scope="module")
def six(names):
    return run_once(names["six"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"turn": (8, 45, 45, 1)},
            "turn: the height axis: expected 30 pixels, got 45; batch, width and channels are "
            "right. A random transform moves pixels and keeps the size.",
        ),
        (
            {"tf.data": (8, 30, 45, 1)},
            "tf.data: the height axis: expected 24 pixels, got 30; the width axis: expected 24 "
            "pixels, got 45; batch and channels are right. Called in tf.data a layer augments",
        ),
        ({"predict": (8, 24, 24, 1)}, "predict: the height axis: expected 30 pixels, got 24; the"),
        ({"letterbox": (24, 48, 1)}, "letterbox: the width axis: expected 36 pixels, got 48; hei"),
        ({"letterbox": (3, 24, 48, 1)}, "letterbox: expected 3 axes (height, width, channels), g"),
        ({"bucket": (3, 32, 32, 1)}, "bucket: the batch axis: expected 2 rows, got 3; height, wi"),
        ({"folder": (3, 256, 256, 1)}, "folder: the channels axis: expected 3, got 1; batch, hei"),
        ({"turn": "8, 30, 45, 1"}, "turn: expected whole numbers (batch, height, width, channels"),
        ({"bucket": (2, 32, 1, 32)}, "bucket: the sizes are right, their order is not"),
        ({"crop": (1,)}, "shapes: there is no 'crop'; there are turn, tf.data, predict, letterbox"),
    ],
)
def test_wrong_shapes(six, changed, message):
    assert wrong("shapes", SHAPES | changed, pipelines=six).startswith(message)


def test_all_wrong_shapes_are_told_at_once(six):
    told = wrong("shapes", SHAPES | {"turn": (8, 30, 30, 1), "folder": (5, 8, 8, 3)}, pipelines=six)
    assert told.startswith("turn: ")
    assert " folder: the batch axis" in told


def test_shapes_that_are_missing_or_no_dict(six):
    some = {"turn": (8, 30, 45, 1)}
    assert wrong("shapes", some, pipelines=six) == "shapes: 'tf.data' is missing."
    assert wrong("shapes", [(8,)], pipelines=six).startswith("shapes: expected a dict with turn, ")


def test_shapes_may_be_lists(six):
    right("shapes", {name: list(shape) for name, shape in SHAPES.items()}, pipelines=six)


# --- 2: scale ------------------------------------------------------------------------------------


ASPECT = {"resize", "random_crop", "zoom_apart"}
SCALE = {"letterbox", "centre_crop", "zoom"}
BOTH = {"bucket", "shift"}


@pytest.fixture(scope="module")
def eight(names):
    return {"pipelines": names["eight"], "picture": names["picture"]}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (ASPECT - {"random_crop"}, SCALE, BOTH | {"random_crop"}),
            "random_crop changes the aspect: of 16 x 16 pixels it makes 24 x 16: the picture is "
            "too low for the crop, so it is resized, each side on its own.",
        ),
        (
            (ASPECT, SCALE - {"centre_crop"}, BOTH | {"centre_crop"}),
            "centre_crop keeps the aspect and changes the scale: of 16 x 16 pixels it makes 24 x "
            "24: the picture is too low for the crop, so it is enlarged first, by one factor.",
        ),
        (
            (ASPECT, SCALE - {"letterbox"}, BOTH | {"letterbox"}),
            "letterbox keeps the aspect and changes the scale: of 16 x 16 pixels it makes 12 x 12",
        ),
        (
            (ASPECT, SCALE | {"bucket"}, BOTH - {"bucket"}),
            "bucket keeps aspect and scale: of 16 x 16 pixels it makes 16 x 16: it only pads.",
        ),
        ((ASPECT, SCALE | {"shift"}, {"bucket"}), "shift keeps aspect and scale: of 16 x 16 pix"),
        ((ASPECT, SCALE - {"zoom"}, BOTH), "zoom (it is in no set) keeps the aspect and changes"),
        ((ASPECT - {"zoom_apart"}, SCALE, BOTH), "zoom_apart (it is in no set) changes the aspec"),
        ((ASPECT, SCALE, BOTH | {"resize"}), "resize is in two sets, aspect and both."),
        ((ASPECT, SCALE, {"bucket", "move"}), "both: there is no 'move'; there are resize, lette"),
        ((ASPECT, "zoom", BOTH), "scale: expected a set of names, such as {'a', 'b'}, got 'zoom'"),
        ((None, SCALE, BOTH), "aspect: expected a set of names, such as {'a', 'b'}, got None."),
    ],
)
def test_wrong_sets(eight, answer, message):
    assert wrong("scale", *answer, **eight).startswith(message)


def test_sets_may_be_lists(eight):
    right("scale", list(ASPECT), tuple(SCALE), sorted(BOTH), **eight)


# --- 3: the contract -----------------------------------------------------------------------------


BROKEN = {"brighter", "flip_apart", "flip_late", "double", "longest"}
SIDES = (16, 32)
PICTURES = Declared(("rows", 8, SIDES, 1), "float32", 0, 1)
SIZES = Declared(("rows", 2), "int32", 1, 32)
MASKS = Declared(("rows", 8, SIDES), "int32", 0, 1)


def agree(batch):
    (pictures, _), masks = batch
    return "apart" if ((pictures[..., 0] > 0) != (masks > 0)).any() else None


def clean(batch):
    (pictures, sizes), _ = batch
    columns = np.arange(pictures.shape[2])
    beyond = columns >= np.reshape(sizes[:, 1], (-1, 1, 1))
    return "not 0 beyond the width" if (pictures[..., 0] * beyond).any() else None


def first_row(batch):
    (pictures, sizes), masks = batch
    return (pictures[:1], sizes[:1]), masks[:1]


def both_rules(batch):
    return agree(batch) or clean(batch)


@pytest.fixture(scope="module")
def seven(names):
    feeds = {name: lambda run=run: list(run()) for name, run in names["seven"].items()}
    return {"pipelines": run_once(feeds)}


def lax(pictures=PICTURES, sizes=SIZES, masks=MASKS):
    return (pictures, sizes), masks


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (BROKEN - {"flip_late"}, lax(), both_rules),
            r"broken: flip_late is broken: batch 0: picture \d is not 0 outside of its size, 8 x ",
        ),
        (
            (BROKEN - {"flip_apart", "double"}, lax(), both_rules),
            r"broken: flip_apart is broken: batch \d: picture \d and its mask disagree on where ink"
            r" is\. double is broken: batch 0, x\[0\]: expected dtype float32, got float64\.",
        ),
        (
            (BROKEN | {"flip"}, lax(), both_rules),
            r"broken: flip is not broken: nothing in its batches is wrong\.",
        ),
        (
            (BROKEN - {"longest"}, lax(), both_rules),
            r"broken: longest is broken: batch 0, x\[0\], axis 2: expected 16 or 32, got \d+ in s",
        ),
        (({"bright"}, lax(), both_rules), r"broken: there is no 'bright'; there are plain, "),
        ((BROKEN, lax(), None), r"rule: expected a function, got NoneType\."),
        (
            (BROKEN, lax(Declared(("rows", 8, SIDES, 1), "float32")), clean),
            r"the contract passes brighter: batch 0, x\[0\]: expected at most 1, got \S+ at .*\. "
            r"`Declared` takes the least and the greatest value\.",
        ),
        (
            (BROKEN, lax(), agree),
            r"the contract passes flip_late: batch 0: picture \d is not 0 outside of its size, .*\."
            r" The rule gets the sizes: all that lies beyond them must be 0\.",
        ),
        (
            (BROKEN, lax(), clean),
            r"the contract passes flip_apart: batch \d: picture \d and its mask disagree on where "
            r"ink is\. The rule gets pictures and masks",
        ),
        (
            (
                BROKEN,
                lax(
                    Declared(("rows", 8, None, 1), "float32", 0, 1),
                    masks=Declared(("rows", 8, None), "int32", 0, 1),
                ),
                both_rules,
            ),
            r"the contract passes longest: .*\. Declare every axis: a number, a tuple",
        ),
        (
            (BROKEN, lax(masks=Declared(("rows", 8, SIDES), "int32")), both_rules),
            r"the contract passes a pipeline whose masks hold a class 2: batch 1, y: expected at m",
        ),
        (
            (BROKEN, lax(Declared(("rows", 8, SIDES, 1), "float32", 0, 255)), both_rules),
            r"the contract passes a pipeline whose pictures go to 255: batch 1, x\[0\]: expected a"
            r"t most 1, got \S+ at .*\. `Declared` takes the least and the greatest value\.",
        ),
        (
            (BROKEN, lax(Declared(("rows", 8, SIDES, 1), "float32", -1, 1)), both_rules),
            r"the contract passes a pipeline whose paper is -1: batch 1, x\[0\]: expected at least",
        ),
        (
            (BROKEN, lax(sizes=Declared(("rows", 2), "int32", 0, 999)), both_rules),
            r"the contract passes a pipeline with a size of 33: batch 1, x\[1\]: expected at most",
        ),
        (
            (BROKEN, lax(), lambda batch: agree(first_row(batch)) or clean(batch)),
            r"the contract passes a pipeline that flips one picture alone: batch 1: picture [1-7] "
            r"and its mask disagree",
        ),
        (
            (BROKEN, lax(Declared((8, 8, SIDES, 1), "float32", 0, 1)), both_rules),
            r"the contract refuses plain, where nothing is wrong: batch 7, x\[0\], axis 0: expecte",
        ),
        (
            (BROKEN, lax(), lambda batch: "no"),
            r"the contract refuses plain, where nothing is wrong: batch 0: no\.",
        ),
        (
            (BROKEN, lax(), lambda batch: True),
            r"declared or rule: rule: expected None or a message \(str\), got True\.",
        ),
        (
            (BROKEN, lax(), lambda batch: batch[2]),
            r"rule: it fails on plain: IndexError: tuple index out of range\.",
        ),
        (
            (BROKEN, lax(masks=Declared((None, 8, SIDES), "int32", 0, 1)), both_rules),
            r"rule: it fails on a pipeline whose masks are one row short: ValueError: .*\. What is "
            r"wrong there: batch 1, y, axis 0: expected 8, .*\. Declare every axis",
        ),
        (
            (BROKEN, "float32", both_rules),
            r"declared or rule: declared: expected Declared, None, or a tuple, list or dict of",
        ),
    ],
)
def test_wrong_contracts(seven, answer, message):
    assert re.match(message, wrong("contract", *answer, **seven))


def test_contracts_in_another_style_are_right(seven):
    pictures = Declared(["n", 8, SIDES, 1], "float32", low=0.0, high=1.0)
    sizes = Declared(("n", 2), "int32", low=0, high=32)
    masks = Declared(("n", 8, (32, 16)), "int32", low=0, high=1)

    def by_rows(batch):
        (x, sizes), y = batch
        for picture, size, mask in zip(x, sizes, y, strict=True):
            ink = np.argwhere(picture[..., 0])
            if not np.array_equal(ink, np.argwhere(mask)) or (ink >= size).any():
                return "a row is wrong"
        return None

    right("contract", list(BROKEN), [[pictures, sizes], masks], by_rows, **seven)


def test_a_rule_that_returns_a_placeholder_is_not_attempted(seven, capsys):
    right("contract", BROKEN, lax(), lambda batch: ..., **seven)
    assert capsys.readouterr().out == "augmentation/contract: not attempted\n"
