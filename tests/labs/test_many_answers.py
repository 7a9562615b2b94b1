"""A hundred answers of chance to the judges: right ones in any style pass, spoiled ones do not."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import collections
import math

import keras
import lab_answers
import numpy as np
import pytest
from keras import layers, ops
from lab_answers import ARRAY, NUMBER, NUMBERS, SHAPE, Kind, Task, choice, names_of, table_of

from helpers import batching, data, images, labs, masking
from helpers.augmentation import Declared
from helpers.labs import progress
from helpers.labs.tasks import masking as tasks

pytestmark = pytest.mark.slow

X = np.random.default_rng(0).random((105, 26, 12), "float32")


# --- the last, smaller batch ---------------------------------------------------------------------


def nine(x):
    """A model: the first nine features of the first step."""
    return x[:, 0, :9]


def dataset(length, item=None, init=True):
    """Make a dataset; `length(rows, size)` batches, `item(part, x, y)` one of them."""

    class Own(keras.utils.PyDataset):
        def __init__(self, x, y, size):
            if init:
                super().__init__()
            self.x, self.y, self.size = x, y, size

        def __len__(self):
            return length(len(self.x), self.size)

        def __getitem__(self, i):
            part = slice(i * self.size, (i + 1) * self.size)
            return (item or (lambda part, x, y: (x[part], y[part])))(part, self.x, self.y)

    return Own


def ceil(n, k):
    return -(-n // k)


DATASETS = choice(
    {
        "negative //": dataset(ceil),
        "math.ceil": dataset(lambda n, k: math.ceil(n / k)),
        "int of np.ceil": dataset(lambda n, k: int(np.ceil(n / k))),
        "n + k - 1": dataset(lambda n, k: (n + k - 1) // k),
        "a range": dataset(lambda n, k: len(range(0, n, k))),
        "a list": dataset(ceil, lambda part, x, y: [x[part], y[part]]),
        "weights": dataset(ceil, lambda part, x, y: (x[part], y[part], np.ones(len(x[part])))),
        "tensors": dataset(ceil, lambda part, x, y: (ops.array(x[part]), ops.array(y[part]))),
    },
    {
        "None": None,
        "no class": 3,
        "an object": dataset(ceil)(X, X, 32),
        "another class": dict,
        "floor": dataset(lambda n, k: n // k),
        "one more": dataset(lambda n, k: n // k + 1),
        "np.ceil": dataset(lambda n, k: np.ceil(n / k)),
        "32 by hand": dataset(lambda n, k: ceil(n, 32)),
        "no length": dataset(lambda n, k: None),
        "no item": dataset(ceil, lambda part, x, y: None),
        "only x": dataset(ceil, lambda part, x, y: x[part]),
        "x and x": dataset(ceil, lambda part, x, y: (x[part], x[part])),
        "backwards": dataset(ceil, lambda part, x, y: (x[part], y[part][::-1])),
        "one row late": dataset(ceil, lambda part, x, y: (np.roll(x, 1)[part], y[part])),
        "one row short": dataset(ceil, lambda part, x, y: (x[part][1:], y[part][1:])),
        "no super": dataset(ceil, init=False),
    },
)


class Mean:
    """A metric without Keras: a sum over a number, each of errors and weights."""

    def __init__(self, total=np.sum, count=np.sum, result=lambda total, count: total / count):
        self.parts, self.result_of = (total, count), result
        self.reset_state()

    def reset_state(self):
        self.total = self.count = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None):
        error = np.abs(y_pred - y_true)[:, 0]
        weight = np.ones_like(error) if sample_weight is None else sample_weight
        self.total += self.parts[0](error * weight)
        self.count += self.parts[1](weight)

    def result(self):
        return self.result_of(self.total, self.count)


class NeverReset(Mean):
    def reset_state(self):
        if not hasattr(self, "total"):
            super().reset_state()


METRICS = choice(
    {
        "of sums": Mean(),
        "Keras's": keras.metrics.MeanAbsoluteError(),
        "a float": Mean(result=lambda total, count: float(total / count)),
        "a tensor": Mean(result=lambda total, count: ops.array(total / count)),
        "summed up in Python": Mean(total=sum, count=sum),
        "dot products": Mean(total=lambda e: e @ np.ones_like(e), count=lambda w: w.sum()),
    },
    {
        "None": None,
        "text": "mae",
        "a class": Mean,
        "a loss": keras.losses.MeanAbsoluteError(),
        "batch means": Mean(total=np.mean, count=lambda w: 1),
        "rows counted": Mean(count=len),
        "no result": Mean(result=lambda total, count: None),
        "the sum": Mean(result=lambda total, count: total),
        "one row more": Mean(result=lambda total, count: total / (count + 1)),
        "never reset": NeverReset(),
    },
)
TASKS = {
    "tail-batches/count": Task(
        {"floor": (NUMBER, 3), "ceil": (NUMBER, 4), "never_seen": (NUMBER, 9)}
    ),
    "tail-batches/shapes": Task(
        {
            "first": (SHAPE, (32, 26, 12)),
            "last": (SHAPE, (9, 26, 12)),
            "predictions": (SHAPE, (105, 9)),
        },
        {"x": X},
    ),
    "tail-batches/mend": Task({"dataset_class": DATASETS}),
    "tail-batches/predict": Task({"predictions": (ARRAY, nine(X))}, {"model": nine, "x": X}),
    "tail-batches/metric": Task({"mean_error": METRICS}),
    "tail-batches/static": Task({"predictions": (ARRAY, nine(X))}, {"model": nine, "x": X}),
}


# --- batches of varying shape --------------------------------------------------------------------


class Compiled:
    """As Keras: the first two batches fix an axis. Its outputs are as long as its inputs."""

    def fit(self, shapes, y=None, **options):
        if isinstance(y, str):
            raise ValueError(y)
        if y is None and shapes[0][1] == shapes[1][1] != shapes[-1][1]:
            raise ValueError("another length")

    def __call__(self, x):
        return np.zeros((*np.shape(x)[:-1], 1))


SIX = {
    "rising": [(4, 5), (4, 6), (4, 7)],
    "twins": [(4, 6), (4, 6), (4, 5)],
    "equal": [(4, 6), (4, 6), (4, 6)],
    "short": [(4, 9), (3, 9), (4, 8)],
}
ONES = np.ones((4, 7, 2))
FORMS = {"text": "raises", "rows": "broadcasts", "steps": "trains"}
LENGTHS = data.random_lengths(400)
PLAID = data.plaid_lengths()
HAND = batching.ladder(LENGTHS, 4, cost="quadratic").tolist()
LADDER = batching.ladder(LENGTHS, 4).tolist()
LADDERS = {
    **{
        name: NUMBERS.spoils[name] for name in ("None", "text", "a function", "one short", "ragged")
    },
    "one more": lambda t: [*t, t[-1] + 1],
    "too long": lambda t: [*t[:-1], t[-1] + 1],
    "too short": lambda t: [*t[:-1], t[-1] - 1],
    "backwards": lambda t: t[::-1],
    "from 0": lambda t: [0, *t[1:]],
    "all near the end": lambda t: [t[-1] - 3, t[-1] - 2, t[-1] - 1, t[-1]],
    "floats": lambda t: np.array(t, "float64"),
}
BOUNDARIES = Kind(NUMBERS.styles, LADDERS)


def bucketed(count=8, tail="even", shuffle=0, lengths=PLAID, size=32):
    ladder = batching.ladder(lengths, count)
    return batching.bucketed(lengths, size, ladder, tail=tail, shuffle=shuffle)


EIGHT = choice(
    {"eight": bucketed(), "another seed": bucketed(shuffle=5)},
    {
        "None": None,
        "text": "bucketed",
        "boundaries": LADDER,
        "shapes": bucketed().shapes,
        "two lengths": bucketed(2),
        "kept": bucketed(tail="keep", count=9),
        "dropped": bucketed(tail="drop"),
        "wrapped": bucketed(tail="wrap"),
        "one order": bucketed(shuffle=None),
        "large": bucketed(size=64),
        "small": bucketed(size=8),
        "other rows": bucketed(lengths=PLAID[:-1]),
        "fixed": batching.fixed(len(PLAID), 32, shuffle=0, lengths=PLAID),
        "without lengths": batching.fixed(len(PLAID), 32, shuffle=0),
    },
)
TASKS |= {
    "variable-batches/crash": Task(
        {"crashes": (names_of(list(SIX)), ["twins", "short"])},
        {"six": SIX, "dataset_class": lambda shapes: shapes, "model": Compiled()},
    ),
    "variable-batches/forms": Task(
        {"outcomes": (table_of(lambda t: "raises" if t == "trains" else "trains"), FORMS)},
        {
            "cases": {
                "text": (Compiled(), lambda: (ONES, "no such target")),
                "rows": (Compiled(), lambda: (ONES, np.ones((4, 1)))),
                "steps": (Compiled(), lambda: (ONES, np.ones((4, 7, 1)))),
            }
        },
    ),
    "variable-batches/ladder": Task(
        {"by_hand": (BOUNDARIES, HAND), "best": (BOUNDARIES, LADDER)}, {"lengths": LENGTHS}
    ),
    "variable-batches/plan": Task({"plan": EIGHT}, {"lengths": PLAID}),
}


# --- padding and masking -------------------------------------------------------------------------


def first_model():
    inputs = keras.Input((None,), name="ids")
    h = layers.Embedding(9, 4, mask_zero=True, name="embedding")(inputs)
    h = layers.LSTM(5, return_sequences=True, name="lstm")(h)
    return keras.Model(inputs, layers.GlobalAveragePooling1D(name="average")(h))


def pair_of(shape, other, other_kind):
    """The kind of a pair, a shape and something else; either may be spoiled."""
    right = {name: (make(shape), other) for name, make in SHAPE.styles.items()}
    wrong = {name: (make(shape), other) for name, make in SHAPE.spoils.items()}
    for kind, made in (("styles", right), ("spoils", wrong)):
        ways = getattr(other_kind, kind)
        made |= {f"other: {name}": [shape, make(other)] for name, make in ways.items()}
    del right["generator"]  # it can be read once
    return choice(right | {"list": [list(shape), other]}, wrong | {"None": None, "alone": shape})


NO_MASK = Kind(
    {"None": lambda t: None},
    {"a shape": lambda t: (3, 4), "zeros": lambda t: np.zeros(3), "False": lambda t: False},
)
TASKS |= {
    "masking/shapes": Task(
        {
            "embedding": pair_of((3, 4, 4), (3, 4), Kind({"list": list}, SHAPE.spoils)),
            "average": pair_of((3, 5), None, NO_MASK),
            "lstm": pair_of((3, 4, 5), (3, 4), Kind({"array": np.array}, {"None": lambda t: None})),
        },
        {"model": first_model(), "ids": np.array([[1, 2, 0, 0], [3, 4, 5, 6], [7, 0, 0, 0]])},
    ),
    "masking/which-leak": Task(
        {"leaky": (names_of(["mean", "plain", "max", "lstm"]), ["plain", "max"])},
        {"models": {name: name for name in ("mean", "plain", "max", "lstm")}, "rows": []},
    ),
}


# --- images of varying size ----------------------------------------------------------------------


WAYS = {
    "columns": images.ToSequence("columns", across="flatten"),
    "rows": images.ToSequence("rows", across="mean"),
    "cells": images.ToSequence("cells"),
}
POOLS = [layers.MaxPooling2D(2), layers.MaxPooling2D(2)]
LABELS = [np.array(label) for label in ([3, 3, 3], [2, 2, 10], [4, 4], [7, 4, 4, 4], [3, 2, 2, 3])]
WIDTHS = np.array([[8, width] for width in (17, 15, 12, 26, 25)])
CONV = [layers.Conv2D(1, 3), layers.MaxPooling2D(2)]
TOO_NARROW = Kind(
    names_of(["0"]).styles | {"tensor": ops.array},
    {
        "None": lambda t: None,
        "a number": lambda t: 0,
        "text": str,
        "a function": lambda t: lambda: t,
        "a mask": lambda t: np.isin(range(5), t),
        "bools": lambda t: [number in t for number in range(5)],
        "nothing": lambda t: set(),
        "one missing": lambda t: t[1:],
        "one too many": lambda t: {*t, 4},
        "from 1": lambda t: [number + 1 for number in t],
        "texts": lambda t: set(map(str, t)),
        "nested": lambda t: [t],
        "beyond": lambda t: {*t, 5},
        "halves": lambda t: [number + 0.5 for number in t],
        "dict": lambda t: dict.fromkeys(t, True),
    },
)
TASKS |= {
    "images-to-sequences/shapes": Task(
        {
            "columns": pair_of((3, 15, 96), [15, 3, 7], NUMBERS),
            "rows": pair_of((3, 6, 16), [4, 5, 6], NUMBERS),
            "cells": pair_of((3, 90, 16), [60, 15, 42], NUMBERS),
        },
        {
            "ways": WAYS,
            "feature_map": np.zeros((3, 6, 15, 16), "float32"),
            "map_sizes": np.int32([(4, 15), (5, 3), (6, 7)]),
        },
    ),
    "images-to-sequences/sizes": Task(
        {
            "left": (
                Kind(
                    {"pairs": list, "array": np.array, "lists": lambda t: list(map(list, t))},
                    {
                        "None": lambda t: None,
                        "turned": lambda t: [pair[::-1] for pair in t],
                        "off by one": lambda t: np.add(t, [[0, 0], [0, 1]]),
                        "flat": lambda t: np.ravel(t),
                        "one short": lambda t: t[:-1],
                        "floats": lambda t: np.array(t) / 1,
                        "numbers": lambda t: [high for high, _ in t],
                    },
                ),
                [(4, 6), (2, 1)],
            ),
            "smallest": (
                Kind(NUMBERS.styles, NUMBERS.spoils | {"too small": lambda t: (4, 3)}),
                (4, 4),
            ),
        },
        {"parts": CONV, "sizes": [(10, 14), (6, 5)]},
    ),
    "images-to-sequences/steps": Task(
        {"needed": (NUMBERS, [5, 4, 3, 6, 5]), "too_narrow": (TOO_NARROW, [0, 1])},
        {"labels": LABELS, "sizes": WIDTHS, "parts": POOLS},
    ),
}


# --- augmentation and shapes ---------------------------------------------------------------------


def with_square(high, wide):
    picture = np.zeros((40, 80, 1), "float32")
    picture[4 : 4 + high, 8 : 8 + wide] = 1
    return picture


SCALES = {"wider": (8, 16), "larger": (16, 16), "flat": (4, 8), "moved": (8, 8), "small": (4, 4)}
SHAPES = {"turn": (8, 30, 45, 1), "tf.data": (8, 24, 24, 1), "letterbox": (24, 36, 1)}


def feed(change=lambda x, sizes, masks: ((x, sizes), masks), rows=16):
    """Batches of 8 with ink in a corner that tells left from right, 4 to 19 pixels wide."""
    batches = []
    for start in range(0, rows, 8):
        widths = np.arange(start, start + 8) + 4
        x = np.zeros((8, 8, 16 if start == 0 else 32, 1), "float32")
        for row, wide in enumerate(widths):
            x[row, : 3 + row % 4, : wide // 2] = (row + 1) / 8
        sizes = np.stack([np.full(8, 8), widths], axis=1).astype("int32")
        batches.append(change(x, sizes, (x[..., 0] > 0).astype("int32")))
    return batches


FEEDS = {
    "plain": feed(),
    "double": feed(lambda x, sizes, masks: ((x.astype("float64"), sizes), masks)),
    "bright": feed(lambda x, sizes, masks: ((x * 2, sizes), masks)),
    "flipped": feed(lambda x, sizes, masks: ((x[:, ::-1], sizes), masks)),
}


def rule(rows=slice(None), ink=True, clean=True, said="wrong"):
    def follow(batch):
        (x, sizes), masks = batch
        for picture, size, mask in list(zip(x, sizes, masks, strict=True))[rows]:
            if ink and ((picture[..., 0] > 0) != (mask > 0)).any():
                return said
            if clean and (picture[size[0] :].any() or picture[:, size[1] :].any()):
                return said
        return None

    return follow


def declared(sides=(16, 32), dtype="float32", high=1, low=0, size=32, masks=1):
    pictures = Declared(("rows", 8, sides, 1), dtype, low, high)
    sizes = Declared(("rows", 2), "int32", 1, size)
    return (pictures, sizes), Declared(("rows", 8, sides), "int32", 0, masks)


TASKS |= {
    "augmentation/shapes": Task(
        {"shapes": (table_of(lambda t: (*t[:-1], 2)), SHAPES)},
        {"pipelines": {name: lambda t=t: np.zeros(t) for name, t in SHAPES.items()}},
    ),
    "augmentation/scale": Task(
        {
            "aspect": (names_of(list(SCALES)), ["wider", "flat"]),
            "scale": (names_of(list(SCALES)), ["larger", "small"]),
            "both": (names_of(list(SCALES)), ["moved"]),
        },
        {
            "pipelines": {name: lambda _, s=s: with_square(*s) for name, s in SCALES.items()},
            "picture": with_square(8, 8),
        },
    ),
    "augmentation/contract": Task(
        {
            "broken": (names_of(list(FEEDS)), ["double", "bright", "flipped"]),
            "declared": choice(
                {
                    "tuples": declared(),
                    "sides": declared(sides=(32, 16)),
                    "1.0": declared(high=1.0),
                },
                {
                    "None": None,
                    "a text": "float32",
                    "255": declared(high=255),
                    "negative": declared(low=-1),
                    "float64": declared(dtype="float64"),
                    "one width": declared(sides=16),
                    "sizes to 64": declared(size=64),
                    "two classes": declared(masks=2),
                },
            ),
            "rule": choice(
                {"both": rule(), "another text": rule(said="no")},
                {
                    "None": None,
                    "a text": "rule",
                    "never": lambda batch: None,
                    "always": lambda batch: "no",
                    "True": rule(said=True),
                    "no ink": rule(ink=False),
                    "row 0": rule(rows=slice(1)),
                    "row 1 missing": rule(rows=slice(2, None)),
                    "an error": lambda batch: batch[2],
                },
            ),
        },
        {"pipelines": {name: lambda batches=batches: batches for name, batches in FEEDS.items()}},
    ),
}


# --- all of them ---------------------------------------------------------------------------------


def verdict(task, answers):
    """Give an answer; return "right", or what is wrong with it."""
    progress.reset(task, attempts=2)
    try:
        labs.check(task, **answers)
    except labs.Wrong as error:
        return str(error)
    return "right"


@pytest.fixture
def known(monkeypatch):
    """What the judges measure is known: here it is about what they make of the answer."""
    leak = collections.namedtuple("leak", "mask_lost_at, reason")(None, "it reads padding")
    leaks = {"plain": leak, "max": leak}
    monkeypatch.setattr(tasks, "_leak", lambda model, rows: leaks.get(model))
    traced = masking.trace(*TASKS["masking/shapes"].given.values(), predict=False)
    monkeypatch.setattr(masking, "trace", lambda model, ids: traced)


@pytest.mark.usefixtures("known")
def test_a_hundred_answers_are_judged_rightly(capsys):
    misjudged, tried = [], set()
    for task, said, answers, right in lab_answers.drawn(TASKS, seed=0, count=108):
        got = verdict(task, answers)
        tried.add(task)
        if (got == "right") != right or "\n" in got:
            misjudged.append((task, said, got))
    capsys.readouterr()
    assert misjudged == []
    assert tried == set(TASKS)
