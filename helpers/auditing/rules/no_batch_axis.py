"""RE301: one sample is given where a batch is wanted."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.shapes import declared, is_sample, parts, shape_of
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE301",
    name="no-batch-axis",
    severity="error",
    title="One sample is given without its batch axis",
    does=(
        "Compares the shapes of what `fit`, `predict` and `evaluate` get with those of the model's "
        "inputs. Of a model that declares none it asks: does it refuse the array, and take it with "
        "an axis more?"
    ),
    why=(
        "Keras takes axis 0 for the rows. A sample alone, `x[0]` or an element of a dataset that "
        "was not batched, has its steps or pixels there, and the model raises."
    ),
    fix="Give predict x[:1] or x[0][None]; call .batch(n) on a tf.data.Dataset.",
    chapter="variable-batches#what-fit-takes",
)


def check(subject: Subject) -> Iterator[Found]:
    """Look for arrays that have one axis less than the model wants."""
    found: list[Found] = []
    unknown: list[str] = []
    looked = 0
    for feed in subject.feeds.values():
        if feed.kind == "generator" or not feed.looked:
            unknown.append(f"{feed.name} gives no batch to look at")
            continue
        x, y = parts(feed)
        wanted = declared(subject.model, x)
        if wanted is None:
            found += _tried(subject, feed)
            looked += 1
            continue
        looked += 1
        for (path, leaf), want in zip(keras.tree.flatten_with_path(x), wanted, strict=True):
            have = shape_of(leaf)
            if have and str(getattr(leaf, "dtype", "")).startswith(("object", "<U", "string")):
                continue  # texts, which the model takes apart
            if is_sample(have, want) and not _are_rows(feed, have, want, y):
                found.append(_finding(feed, path, have, want))
    if not found and unknown:
        raise Undecided(unknown[0])
    if not looked:
        raise NothingToCheck("nothing is given")
    yield from found


def _are_rows(feed: Feed, have: tuple, want: tuple, y: Any) -> bool:
    """Whether axis 0 of the training data counts rows all the same; see rows-in-shape."""
    if feed.name != "data" or feed.kind != "arrays" or not have:
        return False
    targets = [] if y is None else keras.tree.flatten(y)
    return want[1] == have[0] and all(shape_of(one)[:1] == have[:1] for one in targets)


def _finding(feed: Feed, path: tuple, have: tuple, want: tuple) -> Found:
    name = "x" + "".join(f"[{key!r}]" for key in path)
    where = feed.name if feed.kind == "arrays" else f"{feed.name}, batch {feed.looked[0].index}"
    return Found(
        f"{name} has the shape {have}, that of one sample; the model wants a batch {want}",
        where,
        f"shape {have}, {len(have)} axes; the model's input {want}, {len(want)} axes",
        "Call .batch(n) on the dataset." if feed.kind == "tf.data" else "",
    )


def _tried(subject: Subject, feed: Feed) -> Iterator[Found]:
    """Call a model that declares no shapes: with what is given, and with an axis more."""
    x, _ = parts(feed)
    if any(not hasattr(leaf, "shape") for leaf in keras.tree.flatten(x)):
        return
    some = feed.looked[0].x if feed.kind == "arrays" else x
    if _answers(subject.model, some) or not _answers(
        subject.model, keras.tree.map_structure(lambda leaf: np.asarray(leaf)[None], x)
    ):
        return
    have = shape_of(keras.tree.flatten(x)[0])
    yield Found(
        f"the model refuses {feed.name} of the shape {have}, and takes it with a batch axis",
        feed.name,
        f"shape {have} raises, {(1, *have)} does not",
        "Call .batch(n) on the dataset." if feed.kind == "tf.data" else "",
    )


def _answers(model: keras.Layer, x: Any) -> bool:
    try:
        model(x, training=False)
    except Exception:
        return False
    return True


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((5, 2)), keras.layers.LSTM(3)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Ask for the answer to the first row: `x[0]` has no axis of rows."""
    x, y = np.ones((8, 5, 2), "float32"), np.ones((8, 3), "float32")
    return {"model": _model(), "data": (x, y), "predict": x[0]}


def mended() -> dict:
    """Take a slice of one row."""
    x, y = np.ones((8, 5, 2), "float32"), np.ones((8, 3), "float32")
    return {"model": _model(), "data": (x, y), "predict": x[:1]}
