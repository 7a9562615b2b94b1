"""RE102: a generator ends after its first epoch."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE102",
    name="generator-ends",
    severity="error",
    title="A generator ends, and later epochs train on the batches that Keras has looked at",
    does=(
        "Counts the batches that the generator gives, and compares them with what `fit` asks for: "
        "`epochs` times `steps_per_epoch`, or a second epoch."
    ),
    why=(
        "A generator runs once. Keras keeps the batches that it has taken to see their shapes, "
        "and the second epoch and all later ones train on these alone, or end."
    ),
    fix="Feed a PyDataset, or let the generator run for ever and give steps_per_epoch.",
    chapter="variable-batches#the-first-two-batches",
)


def check(subject: Subject) -> Iterator[Found]:
    """Find generators that cannot give all epochs."""
    data, epochs = subject.data, subject.fit.get("epochs", 1)
    steps = subject.fit.get("steps_per_epoch")
    if data.kind not in ("generator", "factory"):
        raise NothingToCheck("the data is no generator")
    if epochs == 1 and steps is None:
        return
    if data.kind == "generator" and steps is not None:
        raise Undecided(
            "data is a generator object, and whether it ends is unknown; give the function that "
            "makes it"
        )
    if data.kind == "generator":
        yield Found(
            "a generator object can be read once, and was not read here; if it ends, later epochs "
            "train on what Keras has kept of it",
            "data",
            f"epochs={epochs}; batches unknown",
            "Give the audit the function that makes the generator, and `fit` a PyDataset.",
        )
    elif data.complete:
        count = len(subject.read(data))
        if steps is None or steps * epochs > count:
            wanted = f"{epochs} epochs" + (f" of {steps} steps" if steps else "")
            yield Found(
                f"the generator ends after {count} batches, but `fit` asks for {wanted}",
                "data",
                f"batches: {count} given, {(steps or count) * epochs} asked for",
            )
    elif steps is None or steps * epochs > len(data.looked):
        wanted = f"; give batches={steps * epochs}" if steps else ""
        raise Undecided(
            f"the first {len(subject.read(data))} batches of the generator were looked at, and "
            f"there are more{wanted}"
        )


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def _once() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for _ in range(6):
        yield np.ones((8, 2)), np.ones((8, 1))


def _for_ever() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    while True:
        yield from _once()


def broken() -> dict:
    """Train three epochs on a generator that has one."""
    return {"model": _model(), "data": _once, "fit": {"epochs": 3}}


def mended() -> dict:
    """Let the generator begin again, and say where an epoch ends."""
    return {"model": _model(), "data": _for_ever, "fit": {"epochs": 3, "steps_per_epoch": 6}}
