"""RE302: the number of rows is written into the shape of an input."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule
from helpers.auditing.shapes import declared, fits, parts, shape_of, taken
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE302",
    name="rows-in-shape",
    severity="error",
    title="The number of rows stands in the shape of an input",
    does=(
        "Compares the shape of each input of the model with that of the training arrays, with and "
        "without their axis of rows."
    ),
    why=(
        "`Input(shape=...)` and `input_shape=` leave the rows out; Keras puts None before what is "
        "given. A model made with `x.shape` wants one axis more than `x` has, and raises; one made "
        "with `x.shape[0]` for the steps wants as many steps as there are rows."
    ),
    fix="Give Input the shape of one row: keras.Input(x.shape[1:]).",
    chapter="variable-batches#which-layer-fixes-which-axis",
)


def check(subject: Subject) -> Iterator[Found]:
    """Look for inputs whose first axis is as long as there are rows."""
    data = subject.data
    if data.kind != "arrays":
        raise NothingToCheck("the data is no array whose rows could be counted")
    x, y = parts(data)
    wanted = declared(subject.model, x)
    if wanted is None:
        raise NothingToCheck("the model declares no shapes of its inputs")
    targets = [] if y is None else keras.tree.flatten(y)
    for (path, leaf), want in zip(keras.tree.flatten_with_path(x), wanted, strict=True):
        have = shape_of(leaf)
        if taken(have, want) or len(want) < 2 or not have or want[1] != have[0]:
            continue
        if any(shape_of(one)[:1] != have[:1] for one in targets):
            continue  # a sample: see no-batch-axis
        whole = taken((None, *have), want)
        steps = len(have) == len(want) and fits(have[2:], want[2:])
        if not whole and not steps:
            continue
        name = "x" + "".join(f"[{key!r}]" for key in path)
        there = "is the number of rows" if whole else "is the number of rows, not of steps"
        yield Found(
            f"the model's input for {name} has the shape {want}; its {want[1]} {there}",
            f"the model's input, {name}",
            f"input {want}; {name} {have}, {have[0]} rows of the shape {have[1:]}",
            f"Make the model with keras.Input({have[1:]}).",
        )


def _model(shape: tuple) -> keras.Model:
    model = keras.Sequential([keras.Input(shape), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Make the input of the shape of all data."""
    x, y = np.ones((50, 4), "float32"), np.ones((50, 1), "float32")
    return {"model": _model(x.shape), "data": (x, y)}


def mended() -> dict:
    """Make it of the shape of one row."""
    x, y = np.ones((50, 4), "float32"), np.ones((50, 1), "float32")
    return {"model": _model(x.shape[1:]), "data": (x, y)}
