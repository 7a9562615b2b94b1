"""The lab on images of varying size: right answers of every kind pass, wrong ones get the cause."""

import functools
import itertools
import re
import warnings

import keras
import lab_runs
import numpy as np
import pytest
from keras import layers, ops

from helpers import images, labs
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


# --- 4: the reader that leaks --------------------------------------------------------------------


class TheirColumns(layers.Layer):
    """Columns in another style: lays the map flat and makes the mask on its own."""

    def call(self, pair):
        h, _ = pair
        return ops.reshape(ops.transpose(h, (0, 2, 1, 3)), (ops.shape(h)[0], -1, 32))

    def compute_output_shape(self, shapes):
        return shapes[0][0], shapes[0][2], 32

    def compute_mask(self, pair, mask=None):
        h, sizes = pair
        step = ops.cumsum(ops.ones_like(h[:, 0, :, 0], dtype="int32"), axis=1)
        return step <= ops.cast(sizes[:, 1:], "int32")


class Unmasked(TheirColumns):
    """Looks at no size and makes no mask."""

    def compute_mask(self, pair, mask=None):
        return None


def make_parts(**changes):
    norm = layers.BatchNormalization(name="norm")
    parts = {
        "conv_1": layers.Conv2D(6, 3, padding="same", name="conv_1"),
        "norm": norm,
        "relu": layers.ReLU(name="relu"),
        "pool": layers.MaxPooling2D(2, name="pool"),
        "conv_2": layers.Conv2D(8, 3, padding="same", name="conv_2"),
    }
    return [part for part in (parts | changes).values() if part is not None]


def crnn(run=None, columns=None, lstm=True, after=None, classes=11, width=None, **changes):
    """The model of task 4, right unless told otherwise."""
    pictures = keras.Input((8, width, 1))
    sizes = keras.Input((2,), dtype="int32")
    run = run or (lambda parts, x, n: images.SizedStack(parts, name="stack")([x, n]))
    h, left = run(make_parts(**changes), pictures, sizes)
    h = (columns or images.ToSequence("columns", name="columns"))([h, left])
    if lstm:
        read = layers.LSTM(5, return_sequences=True)
        h = layers.Bidirectional(read, name="lstm")(h)
    h = layers.Dense(classes, name="digits")(h)
    return keras.Model([pictures, sizes], h if after is None else after(h))


def one_by_one(mask_norm, clean):
    """Run the layers one by one, the padding left out only where told."""

    def run(parts, x, sizes):
        left = sizes
        for part in parts:
            real = Real()([x, left])
            if clean and part.name == "conv_2":
                x = layers.Multiply()([x, real])
            x = part(x, mask=real[..., 0] > 0) if mask_norm and part.name == "norm" else part(x)
            left = images.output_sizes([part], left)
        return x, left

    return run


class Real(layers.Layer):
    """1 at real cells, 0 at the others."""

    def call(self, pair):
        x, sizes = pair
        height, width = ops.shape(x)[1], ops.shape(x)[2]
        rows = ops.arange(height)[None] < sizes[:, :1]
        columns = ops.arange(width)[None] < sizes[:, 1:]
        return ops.cast((rows[:, :, None] & columns[:, None])[..., None], "float32")

    def compute_output_shape(self, shapes):
        return (*shapes[0][:3], 1)


ALONE = "mended: string 0, alone and without padding, gets another answer than the given model's."
OWN = "reads padding: an image's own answers are not those that it gets alone."
WRONG_READERS = {
    "no stack": (
        {"run": one_by_one(mask_norm=False, clean=False)},
        f"mended: in a padded batch `conv_2` {OWN}",
    ),
    "the norm counts padding": (
        {"run": one_by_one(mask_norm=False, clean=True)},
        "mended: in training, more padding changes the answers: the batch normalisation takes its",
    ),
    "conv_2 reads padding": (
        {"run": one_by_one(mask_norm=True, clean=False)},
        f"mended: in a padded batch `conv_2` {OWN}",
    ),
    "no mask": (
        {"columns": Unmasked()},
        f"mended: in a padded batch `lstm` {OWN}",
    ),
    "pixels for columns": (
        {"run": lambda parts, x, n: (images.SizedStack(parts)([x, n])[0], n // 1)},
        "mended: cannot be called with [pictures, sizes], where the pictures are (batch 3, he",
    ),
    "the mask is dropped behind": (
        {"after": lambda h: h + 0.0},
        "mended: its output carries no mask, so a loss takes the padded columns for real ones.",
    ),
    "rows": (
        {"columns": images.ToSequence("rows", "mean")},
        "mended: `lstm` is missing or has another size: there is no `kernel` of shape (32, 20).",
    ),
    "mean over the column": (
        {"columns": images.ToSequence("columns", "mean")},
        "mended: `lstm` is missing or has another size: there is no `kernel` of shape (32, 20).",
    ),
    "no norm": ({"norm": None}, "mended: `norm` is missing or has another size: there is no `gam"),
    "no LSTM": ({"lstm": False}, "mended: `lstm` is missing or has another size"),
    "no relu": ({"relu": None}, ALONE),
    "average pooling": ({"pool": layers.AveragePooling2D(2)}, ALONE),
    "no pooling": (
        {"pool": layers.ReLU()},
        "mended: `lstm` is missing or has another size: there is no `kernel` of shape (32, 20).",
    ),
    "one layer more": (
        {"after": layers.Dense(11, name="more")},
        "mended: `more/kernel` (11, 11) is a weight that the given model does not have.",
    ),
    "ten classes": (
        {"classes": 10},
        "mended: the class axis: expected 11, got 10; batch and time are right.",
    ),
    "a vector": (
        {"after": layers.GlobalAveragePooling1D()},
        "mended: expected 3 axes (batch, time, class), got 2: (3, 11).",
    ),
    "one width": ({"width": 30}, "mended: cannot be called with [pictures, sizes], where the pi"),
    "NaN": ({"after": lambda h: h * float("nan")}, ALONE),
    "zeros": ({"after": lambda h: h * 0.0}, ALONE),
}


@pytest.fixture(scope="module")
def few(names):
    return names["strings"](3, (1, 3), seed=3)[0]


@pytest.mark.parametrize("name", WRONG_READERS)
def test_wrong_readers(few, name):
    options, message = WRONG_READERS[name]
    assert wrong("mend", crnn(**options), pictures=few).startswith(message)


def test_what_the_lab_gives_is_wrong_and_a_function_is_no_model(names, few):
    told = wrong("mend", names["crnn"](), pictures=few)
    assert told.startswith("mended: cannot be called with [pictures, sizes], where the pictures a")
    assert "A function is called: add `()`." in wrong("mend", names["crnn"], pictures=few)


def test_a_mask_of_the_wrong_length_is_named(few):
    model = crnn(after=TheirMask())
    told = wrong("mend", model, pictures=few)
    assert told.startswith(
        "mended: the mask of string 0 along the time axis: expected 9 real steps, got 8. Follow"
    )


class TheirMask(layers.Layer):
    """Marks one step less than there are."""

    def call(self, h):
        return h + 0.0  # a new tensor: Keras leaves the mask of an old one alone

    def compute_mask(self, h, mask=None):
        return ops.logical_and(mask, ops.pad(mask, [[0, 0], [0, 1]])[:, 1:])


def test_readers_in_another_style_are_right(few):
    right("mend", crnn(columns=TheirColumns()), pictures=few)
    right("mend", crnn(run=one_by_one(mask_norm=True, clean=True)), pictures=few)

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.digits = layers.Dense(11)
            self.lstm = layers.Bidirectional(layers.LSTM(5, return_sequences=True))
            self.stack = images.SizedStack(make_parts())
            self.columns = images.ToSequence("columns")

        def call(self, inputs, training=None):
            return self.digits(self.lstm(self.columns(self.stack(inputs, training=training))))

    model = Own()  # not built yet
    right("mend", model, pictures=few)
    before = [np.array(weight) for weight in model.weights]
    right("mend", model, pictures=few)
    assert all(map(np.array_equal, before, map(np.array, model.weights)))


# --- 5: regions ----------------------------------------------------------------------------------


def boxes_of(found, sizes, most):
    return images.pad_boxes(found, sizes, most, overflow="largest")


def mean_of(h, mask):
    real = ops.cast(mask, h.dtype)[:, :, None]
    return ops.sum(h * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)


def by_area(found, sizes, most):
    """Keep the largest boxes, largest first."""
    areas = [(b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in found]
    ordered = [b[np.argsort(-a)][:most] for b, a in zip(found, areas, strict=True)]
    return images.pad_boxes(ordered, sizes, most)


def first_ones(found, sizes, most):
    return images.pad_boxes(found, sizes, most, overflow="first")


def whole_image(found, sizes, most):
    """Take an image without a region for one region."""
    found = [b if len(b) else [[0, 0, *size]] for b, size in zip(found, sizes, strict=True)]
    return boxes_of(found, sizes, most)


def no_counts(found, sizes, most):
    return boxes_of(found, sizes, most)[0]


def always_most(found, sizes, most):
    return boxes_of(found, sizes, most)[0], np.full(len(found), most)


def transposed(found, sizes, most):
    boxes, counts = boxes_of(found, sizes, most)
    return boxes.transpose(0, 2, 1), counts


def moved(found, sizes, most):
    boxes, counts = boxes_of(found, sizes, most)
    return boxes[..., [1, 0, 3, 2]], counts


def divided_by_0(h, mask):
    real = ops.cast(mask, h.dtype)[:, :, None]
    return ops.sum(h * real, axis=1) / ops.sum(real, axis=1)


def hidden_by_where(h, mask):
    count = ops.sum(ops.cast(mask, h.dtype), axis=1)[:, None]
    return ops.where(count > 0, ops.sum(h, axis=1) / count, 0.0)


def far_from_0(h, mask):
    real = ops.cast(mask, h.dtype)[:, :, None]
    return (ops.sum(h * real, axis=1) + 1) / (ops.sum(real, axis=1) + 1)


def nearly(h, mask):
    real = ops.cast(mask, h.dtype)[:, :, None]
    return ops.sum(h * real, axis=1) / (ops.sum(real, axis=1) + 1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (images.pad_boxes, mean_of),
            "boxes_of: fails for images of [3, 2, 0, 1, 3, 4] regions and room for 3: boxes[5]: ",
        ),
        (
            (lambda found, sizes, most: np.stack(found), mean_of),
            "boxes_of: fails for images of [3, 2, 0, 1, 3, 4] regions and room for 3: all input",
        ),
        ((first_ones, mean_of), "boxes_of: of 3 regions with room for 1, the region axis: expect"),
        ((by_area, mean_of), "boxes_of: of 3 regions with room for 3, the order along the region"),
        (
            (whole_image, mean_of),
            "boxes_of, counts: an image of 0 regions with room for 3: expected 0, got 1. An image "
            "without a region has none, not one of size 0.",
        ),
        (
            (always_most, mean_of),
            "boxes_of, counts: an image of 2 regions with room for 3: expected 2, got 3.",
        ),
        ((no_counts, mean_of), "boxes_of: expected boxes and counts, got ndarray."),
        (
            (transposed, mean_of),
            "boxes_of, boxes: the sizes are right, their order is not: expected (batch, region,",
        ),
        ((moved, mean_of), "boxes_of: of 3 regions with room for 3, a box is none of the image's"),
        ((boxes_of, divided_by_0), "mean_of: of 0 regions the mean holds NaN or infinity: the s"),
        ((boxes_of, hidden_by_where), "mean_of: of 0 regions the mean is right, its gradient is"),
        ((boxes_of, far_from_0), "mean_of: of 0 regions: expected 0 for every feature."),
        (
            (boxes_of, lambda h, mask: ops.mean(h, axis=1)),
            "mean_of: the region axis: padded regions count in the mean.",
        ),
        (
            (boxes_of, lambda h, mask: ops.sum(h, axis=1)),
            "mean_of: the shape is right, the values are not: rows 0 to 1 and 4 to 5 differ",
        ),
        ((boxes_of, nearly), "mean_of: the shape is right, the values are not: rows 0 to 1 and 3"),
        (
            (boxes_of, lambda h, mask: ops.mean(h, axis=2)),
            "mean_of: the features axis: expected 16, got 3; batch is right.",
        ),
        ((boxes_of, lambda h, mask: h @ 3), "mean_of: fails for images of [3, 2, 0, 1, 3, 3] re"),
        (boxes_of, "mended: expected two functions, boxes_of and mean_of, got <function"),
        ((boxes_of, None), "mended: expected two functions, boxes_of and mean_of, got (<function"),
    ],
)
def test_wrong_regions(names, answer, message):
    given = {"crop": names["crop"], "pictures": names["lines"], "found": names["found"]}
    assert wrong("regions", answer, **given).startswith(message)


def test_regions_in_another_style_are_right(names, capsys):
    def by_hand(found, sizes, most):
        boxes = np.full((len(found), most, 4), np.nan, "float32")  # nobody reads what is padding
        for row, own in zip(boxes, found, strict=True):
            areas = (own[:, 2] - own[:, 0]) * (own[:, 3] - own[:, 1])
            kept = np.sort(np.argsort(-areas, kind="stable")[:most])
            row[: len(kept)] = own[kept]
        return ops.convert_to_tensor(boxes), np.array([min(len(own), most) for own in found])

    given = {"crop": names["crop"], "pictures": names["lines"], "found": names["found"]}
    right("regions", (by_hand, mean_of), **given)

    def divide_no_nan(h, mask):
        real = ops.cast(mask, h.dtype)[:, :, None]
        return ops.divide_no_nan(ops.sum(h * real, axis=1), ops.sum(real, axis=1))

    right("regions", [boxes_of, divide_no_nan], **given)
    labs.check("images-to-sequences/regions", (boxes_of, lambda h, mask: ...), **given)
    assert capsys.readouterr().out.endswith("regions: not attempted\n")


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


# --- 7: the reader -------------------------------------------------------------------------------


def test_untrained_readers(names):
    read = functools.partial(wrong, "read", strings=names["strings"])
    told = read(crnn())
    assert re.match(
        r"reader: it reads \d+% of the strings of 4 or 5 digits exactly, expected", told
    )
    assert "It has not learnt to read yet" in told
    assert read(crnn(classes=10)).startswith("reader: the class axis: expected 11, got 10;")
    assert read(crnn(after=layers.GlobalMaxPooling1D())).startswith(
        "reader: expected 3 axes (batch, time, class), got 2: (200, 11)."
    )
    assert read(crnn(after=lambda h: h + 0.0)).startswith("reader: its output carries no mask")
    assert read(crnn(after=Broken())).startswith("reader: its output holds NaN or infinity.")
    assert read(crnn(width=30)).startswith("reader: cannot be called with [pictures, sizes]")
    assert read(None) == "reader: expected a model, got None."
    short = crnn(relu=layers.MaxPooling2D((1, 2)))
    assert re.match(
        r"reader: the time axis is too short: a string of \d+ pixels gets \d steps, and its label",
        read(short),
    )


class Broken(layers.Layer):
    """Passes the mask on and makes NaN."""

    supports_masking = True

    def call(self, h):
        return h * float("nan")


def test_a_reader_that_leaks_is_wrong(names):
    leaky = crnn(run=one_by_one(mask_norm=False, clean=False))
    tasks._draw(leaky.weights)
    told = wrong("read", leaky, strings=names["strings"])
    assert re.match(
        r"reader: padding changes what it reads: string \d+ alone is read as '\d*', in a batch as "
        r"'\d*'\. `SizedStack` keeps padding out\.",
        told,
    )


PAIRS = list(itertools.combinations(range(8), 2))
CODES = np.float32([[row in pair for row in range(8)] for pair in PAIRS[:10]])  # (digit, row)


def coded_strings(count, digits, seed):
    """Strings that nobody has to learn: each digit is a column of two pixels and a dark one."""
    random = np.random.default_rng(seed)
    lengths = random.integers(digits[0], digits[1] + 1, count)
    labels = [random.integers(1, 11, length) for length in lengths]
    pictures = [np.zeros((8, 2 * length, 1), "float32") for length in lengths]
    for picture, label in zip(pictures, labels, strict=True):
        picture[:, ::2, 0] = CODES[label - 1].T
    return pictures, np.array([picture.shape[:2] for picture in pictures], "int32"), labels


@pytest.fixture(scope="module")
def decoder():
    """A model that reads all of `coded_strings` without training."""
    inputs = keras.Input((8, None, 1)), keras.Input((2,), dtype="int32")
    read = layers.Dense(11)
    model = keras.Model(inputs, read(images.ToSequence("columns")(inputs)))
    blank = np.zeros((8, 1), "float32")
    read.set_weights([np.hstack([blank, CODES.T]), np.float32([1.5, *[0] * 10])])
    return model


def test_a_reader_of_short_strings_is_told_from_one_that_has_learnt_nothing(decoder):
    class FirstColumns(keras.Model):
        def call(self, inputs):
            logits = decoder(inputs)
            columns = ops.arange(ops.shape(logits)[1])[None, :, None]
            blank = ops.one_hot(ops.zeros_like(columns[..., 0]), 11) * 99
            masked = ops.where(columns < 6, logits, blank)
            masked._keras_mask = logits._keras_mask
            return masked

    told = wrong("read", FirstColumns(), strings=coded_strings)
    assert told.startswith("reader: it reads 0% of the strings of 4 or 5 digits exactly, expected")
    assert "of strings of 1 to 3 digits it reads 100%." in told
    assert told.endswith("It reads what it was trained on: look at what a longer string changes.")


def test_a_reader_in_another_style_is_right(decoder):
    class Own(keras.Model):
        def call(self, inputs, training=None):
            return decoder(inputs, training=training)

    right("read", Own(), strings=coded_strings)


@pytest.mark.parametrize(
    ("short", "word"), [(0.2, "warm up"), (0.8, "more strings"), (1, "longer")]
)
def test_advice_goes_with_what_short_strings_show(short, word):
    assert word in tasks._advice(short)
