"""The audit of models of the chapters and labs on pictures: no finding but the true ones."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import contextlib
import functools
import io

import keras
import notebooks
import numpy as np
import pytest

from helpers.auditing import audit

pytestmark = pytest.mark.slow
TRUE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def run(page, *parts):
    """Run the cells of a notebook that hold one of these texts; checks and training are cut off."""
    names = {"__name__": "__main__"}
    cells = notebooks.read(notebooks.ROOT / f"{page}.ipynb").cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    for part in parts:
        assert any(part in source for source in sources), part
    with contextlib.redirect_stdout(io.StringIO()):
        for source in sources:
            if any(part in source for part in parts):
                for end in ("labs.check(", "history =", "teller.fit", "reader.fit", "explore."):
                    source = source.split(end)[0]
                exec(compile(source, page, "exec"), names)
    return names


@functools.cache
def augmentation():
    parts = ("photographs()", "layers.LSTM(8)])", "drawn = ragged", "def with_size", "reader =")
    return run("book/augmentation", *parts, "def one_draw", "def together_with")


@functools.cache
def sequences():
    parts = ("def random_weights", "def columns", "def pad(", "def real(", "def reader(")
    parts += ("def as_it_is", "bucket_by_sequence_length", "class PerFrame", "def clip_model")
    return run("book/images-to-sequences", *parts)


def compiled(model, loss=TRUE):
    model.compile("adam", loss)
    return model


def rows_of_pixels():
    names = augmentation()
    return {"model": names["model"], "data": (names["x"], names["y"])}


def padded_after_the_augmentation():
    names = augmentation()
    return {"model": names["reader"], "data": names["train"], "rows": names["images"]}


def columns_of_digits(which="mask and zeros"):
    names = sequences()
    data = {"data": names["buckets"], "rows": names["pictures"]}
    return {"model": compiled(names["models"][which]), **data}


def frames(wrapped):
    names = sequences()
    model = compiled(names["clip_model"](wrapped or names["PerFrame"]), "mse")
    return {"model": model, "data": (names["clips"][6], np.ones((4, 6, 5), "float32"))}


def crops():
    names = run(
        "labs/solutions/augmentation",
        "set_random_seed",
        "given import",
        "def untrained",
        "= crops(480)",
        "sides =",
    )
    return {"model": compiled(names["untrained"]()), "data": names["batches"], "rows": names["far"]}


def strings_with_their_ink(kind):
    parts = ("set_random_seed", "given import", "data.digit_strings", "def feed(", "mirror =")
    names = run("labs/solutions/augmentation", *parts, "seven =")
    pictures, sizes = keras.Input((8, None, 1)), keras.Input((2,), dtype="int32")
    ink = keras.layers.Conv2D(2, 3, padding="same")(pictures)
    ink = ink * keras.ops.cast(sizes[:, :1, None, None] > 0, "float32")
    given = {"fit": {"steps_per_epoch": 8}, "ignore": "RE106"}  # the lab reads it in a loop
    model = compiled(keras.Model([pictures, sizes], ink))
    return {"model": model, "data": names["seven"][kind], **given}


def strings():
    names = run(
        "labs/solutions/images-to-sequences",
        "set_random_seed",
        "= strings(1200",
        "bucket_sizes(short_sizes, 3)",
        "reader = keras.Model",
    )
    model = compiled(names["reader"], names["images"].CTCLoss())
    return {"model": model, "data": names["batches"], "rows": names["short"]}


def clips_by_one_draw():
    names = run(
        "labs/solutions/augmentation",
        "set_random_seed",
        "given import",
        "clips = np",
        "def augmenter",
    )
    model = [keras.Input((5, 32, 32, 1)), names["augmenter"](), keras.layers.Conv3D(2, 3)]
    model = keras.Sequential([*model, keras.layers.GlobalMaxPooling3D()])
    return {"model": compiled(model, "mse"), "data": (names["clips"], np.ones((4, 2), "float32"))}


NEGATIVES = {
    "rows of pixels": rows_of_pixels,
    "padded after the augmentation": padded_after_the_augmentation,
    "columns of digits": columns_of_digits,
    "frames": lambda: frames(None),
    "crops": crops,
    "strings and ink": lambda: strings_with_their_ink("plain"),
    "strings": strings,
    "clips by one draw": clips_by_one_draw,
}


def found_in(arguments):
    arguments = dict(arguments)
    report = audit(arguments.pop("model"), arguments.pop("data"), **arguments)
    assert "the rule itself failed" not in str(report)
    return report


@pytest.mark.parametrize("name", NEGATIVES)
def test_right_models_of_chapters_and_labs_give_no_finding(name):
    report = found_in(NEGATIVES[name]())
    assert [str(finding) for finding in report.findings] == []


@pytest.mark.skipif(
    not "3.14" <= keras.__version__ < "3.16", reason="Keras 3.14 and 3.15 lose the steps"
)
def test_the_wrapped_frames_of_the_chapter_are_a_true_finding():
    report = found_in(frames(keras.layers.TimeDistributed))
    assert [finding.code for finding in report.findings] == ["RE209"]
