"""The lab on images of varying size: models that read strings, mended, untrained or leaking."""

import functools
import itertools
import re
import warnings

import keras
import lab_runs
import numpy as np
import pytest
from keras import layers, ops

from helpers import images
from helpers.labs import recipes
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


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", WRONG_READERS)
def test_wrong_readers(few, name):
    options, message = WRONG_READERS[name]
    assert wrong("mend", crnn(**options), pictures=few).startswith(message)


def test_what_the_lab_gives_is_wrong_and_a_function_is_no_model(names, few):
    told = functools.partial(wrong, "mend", pictures=few)
    assert told(names["crnn"]()) == (
        "mended: it has one input, and is called with two, [pictures, sizes]. Make the sizes a "
        'second input, `keras.Input((2,), dtype="int32")`, and give both to `keras.Model`.'
    )
    assert told(names["crnn"]).endswith("the function crnn. A function is called: add `()`.")
    assert told(None) == "mended: expected a model, got None. Does it return what it computed?"


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


@pytest.mark.wide
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
    assert read(None).startswith("reader: expected a model, got None. Does it return what")
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
    recipes.draw_weights(leaky.weights)
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
