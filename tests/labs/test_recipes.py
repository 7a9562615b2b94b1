"""The steps of the two long recipes: batches and models, right in several ways and wrong."""

import functools

import keras
import lab_runs
import numpy as np
import pytest
from keras import layers

from helpers import images, padding
from helpers.labs import given

READ, TELL = "images-to-sequences", "augmentation"
COUNT = 40


def some_strings(count, digits, seed, heights=(8, 8)):
    return given.strings(min(count, COUNT), digits, seed, heights)


def some_crops(count, **options):
    return given.crops(min(count, COUNT), **options)


PICTURES, SIZES, LABELS = some_strings(1200, (1, 3), seed=0)


def feed(change=lambda x, sizes, y: ((x, sizes), y), rows=range(COUNT), size=8):
    for start in range(0, len(rows), size):
        chosen = list(rows)[start : start + size]
        x, _ = padding.pad([PICTURES[i] for i in chosen], axes=2)
        y, _ = padding.pad([LABELS[i] for i in chosen])
        yield change(x, SIZES[chosen], y)


class Indexed(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()
        self.batches = list(feed())

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, i):
        return self.batches[i]


@pytest.mark.parametrize(
    "batches",
    [
        feed(),
        list(feed(rows=range(COUNT)[::-1], size=32)),
        list(feed(lambda x, sizes, y: ([x, sizes], y, np.ones(len(y))))),
        [*feed(), *feed(lambda x, sizes, y: ((x, sizes), y, np.zeros(len(y))), rows=[3, 7])],
        Indexed(),
    ],
    ids=["a generator", "a list", "weights", "slots of weight 0", "PyDataset"],
)
def test_batches_of_any_kind_are_right(batches, capsys):
    lab_runs.right(READ, "batches", batches, strings=some_strings)
    assert "right. All 40 strings come once" in capsys.readouterr().out


def dirty(x, sizes, y):
    x = x.copy()
    x[0, :, sizes[0, 1] :] = 1
    return (x, sizes), y


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        (
            feed(rows=range(30)),
            r"batches: the batch axis: rows 30 to 39 were never seen \(10 of 40\)",
        ),
        (feed(rows=[*range(COUNT), 3]), r"batches: .* seen more than once \(1 of 40\)"),
        (feed(size=40), "batches: the batch axis: batch 0 has 40 rows, expected at most 32"),
        (feed(lambda x, s, y: ((x, s), y[::-1])), "batches: row 0 of batch 0 comes with label"),
        (
            feed(lambda x, s, y: ((x / 2, s), y)),
            "batches: row 0 of batch 0 shows none of the pictu",
        ),
        (feed(lambda x, s, y: ((x, s[:, ::-1]), y)), "batches: row 0 of batch 0 shows none"),
        (feed(lambda x, s, y: ((x, s - [0, 1]), y)), "batches: row 0 of batch 0 shows none"),
        (feed(dirty), r"batches: row 0 of batch 0 is not 0 beyond its size 8 x \d+"),
        (
            feed(lambda x, s, y: (x, y)),
            r"batches: batch 0: expected \(\(pictures, sizes\), labels\)",
        ),
        (feed(lambda x, s, y: ((x[..., 0], s), y)), "batches: batch 0, pictures: expected 4 axes"),
        (
            feed(lambda x, s, y: ((x, s[:3]), y)),
            "batches: batch 0, sizes: the batch axis: expected 8",
        ),
        (feed(lambda x, s, y: ((x, s), y[:3])), "batches: batch 0 has 8 pictures and 3 labels"),
        (5, "it raises TypeError: 'int' object is not iterable"),
    ],
)
def test_wrong_batches(batches, message):
    import re

    assert re.match(message, lab_runs.wrong(READ, "batches", batches, strings=some_strings))


def test_batches_of_crops():
    pictures, sizes, far = some_crops(480)
    x, _ = padding.pad(pictures[:32], axes=2)
    rest, _ = padding.pad(pictures[32:], axes=2)
    batches = [((x, sizes[:32]), far[:32]), ((rest, sizes[32:]), far[32:])]
    lab_runs.right(TELL, "batches", batches, crops=some_crops)
    batches[1] = ((rest, sizes[32:]), 1 - far[32:])
    told = lab_runs.wrong(TELL, "batches", batches, crops=some_crops)
    assert told.startswith("batches: row 0 of batch 1 comes with label")


def reader(pool=2, sized=True, mask=True, classes=11):
    inputs = keras.Input((8, None, 1)), keras.Input((2,), dtype="int32")
    parts = [layers.Conv2D(4, 3, padding="same"), layers.MaxPooling2D((2, pool))]
    parts.append(layers.Conv2D(4, 3, padding="same"))
    h, sizes = images.SizedStack(parts)(inputs)
    if not sized:
        h = inputs[0]
        for part in parts:
            h = part(h)
    h = images.ToSequence("columns")([h, sizes])
    h = layers.LSTM(4, return_sequences=True)(h)
    h = layers.Dense(classes)(h)
    return keras.Model(inputs, h if mask else h + 0.0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*destroy the mask")
def test_readers_before_training():
    wrong = functools.partial(lab_runs.wrong, READ, "model", strings=given.strings)
    model = reader()
    before = model.get_weights()
    lab_runs.right(READ, "model", model, strings=given.strings)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert wrong(reader(sized=False)).startswith("reader: in a padded batch `")
    assert wrong(reader(mask=False)).startswith("reader: its output carries no mask")
    assert wrong(reader(classes=10)).startswith("reader: the class axis: expected 11, got 10")
    assert wrong(reader(pool=5)).startswith("reader: the time axis is too short: a string of")
    assert wrong(reader).startswith("reader: expected a model, got the function reader")


def untrained(sized=True, classes=2):
    inputs = keras.Input((None, None, 1)), keras.Input((2,), dtype="int32")
    conv = layers.Conv2D(4, 5, padding="same")
    h, sizes = images.SizedStack([conv])(inputs)
    if not sized:
        h = conv(inputs[0])
    h = images.ToSequence("rows", across="mean")([h, sizes])
    return keras.Model(inputs, layers.Dense(classes)(layers.LSTM(4)(h)))


@pytest.mark.slow
def test_tellers_before_training(capsys):
    wrong = functools.partial(lab_runs.wrong, TELL, "model", crops=given.crops)
    lab_runs.right(TELL, "model", untrained, crops=given.crops)
    lab_runs.right(TELL, "model", untrained(), crops=given.crops)
    assert capsys.readouterr().out.count("right. It takes crops of any size") == 2
    told = wrong(lambda: untrained(sized=False))
    assert told.startswith("untrained(): padding changes what it says: ")
    assert wrong(lambda: untrained(classes=3)).startswith("untrained(): the class axis: expected 2")
    assert wrong(lambda: None).startswith("untrained(): expected a model, got None")
    lab_runs.right(TELL, "model", lambda: ..., crops=given.crops)
    assert capsys.readouterr().out == "augmentation/model: not attempted\n"


def test_what_is_given():
    rows, tokens = given.vowels()
    assert [row.shape for row in rows] == [(11, 12), (7, 12), (16, 12)]
    assert [len(ids) for ids in tokens] == [11, 7, 16]
    assert all(1 <= ids.min() <= ids.max() <= 32 for ids in tokens)
    pictures, sizes, labels = given.strings(5, (1, 4), seed=3, heights=(8, 14))
    assert [picture.shape[:2] for picture in pictures] == [tuple(size) for size in sizes]
    assert {picture.dtype.name for picture in pictures} == {"float32"}
    assert max(picture.max() for picture in pictures) == 1
    assert all(1 <= label.min() <= label.max() <= 10 for label in labels)
    pictures, sizes, far = given.crops(9)
    assert [picture.shape[:2] for picture in pictures] == [tuple(size) for size in sizes]
    assert 20 <= sizes.min() <= sizes.max() <= 80
    assert set(far.tolist()) == {0, 1}
    with pytest.raises(ValueError, match="count"):
        given.crops(-1)
