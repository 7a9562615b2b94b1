"""RE102: a generator ends after its first epoch."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE102",
    name="generator-ends",
    severity="error",
    title="A generator ends, and later epochs train on the batches that Keras has looked at",
    does=(
        "Counts the batches that the generators of the training and of the validation give, and "
        "compares them with what `fit` asks for: `epochs` times the steps of an epoch, or a second "
        "epoch."
    ),
    why=(
        "A generator runs once. Keras keeps the batches that it has taken to see their shapes, "
        "and the second epoch and all later ones run on these alone, or end. Of six batches for "
        "validation the first epoch saw six, and each later one two."
    ),
    fix="Feed a PyDataset, or let the generator run for ever and give the steps of an epoch.",
    chapter="variable-batches#the-first-two-batches",
)
_STEPS = {"data": "steps_per_epoch", "validation": "validation_steps"}


def check(subject: Subject) -> Iterator[Found]:
    """Find generators that cannot give all epochs."""
    feeds = [subject.feeds[name] for name in _STEPS if name in subject.feeds]
    generators = [feed for feed in feeds if feed.kind in ("generator", "factory")]
    if not generators:
        raise NothingToCheck("the data is no generator")
    found: list[Found] = []
    unknown: list[Undecided] = []
    for feed in generators:
        try:
            found += _ends(subject, feed)
        except Undecided as reason:
            unknown.append(reason)
    if unknown and not found:
        raise unknown[0]
    yield from found


def _ends(subject: Subject, feed: Feed) -> Iterator[Found]:
    name, runs = feed.name, _runs(subject.fit, feed.name)
    steps = subject.fit.get(_STEPS[name])
    if runs == 1 and steps is None:
        return
    if feed.kind == "generator" and steps is not None:
        raise Undecided(
            f"{name} is a generator object, and whether it ends is unknown; give the function that "
            "makes it"
        )
    if feed.kind == "generator":
        yield Found(
            "a generator object can be read once, and was not read here; if it ends, later epochs "
            f"{'train' if name == 'data' else 'validate'} on what Keras has kept of it",
            name,
            f"read {runs} times; batches unknown",
            "Give the audit the function that makes the generator, and `fit` a PyDataset.",
        )
    elif feed.complete:
        count = len(subject.read(feed))
        if steps is None or steps * runs > count:
            epochs = f"{runs} epoch{'s' * (runs != 1)}"
            wanted = epochs + (f" of {steps} steps" if steps else "")
            yield Found(
                f"the generator ends after {count} batches, but `fit` asks for {wanted}",
                name,
                f"batches: {count} given, {(steps or count) * runs} asked for",
            )
    elif steps is None or steps * runs > len(feed.looked):
        wanted = f"; give batches={steps * runs}" if steps else ""
        raise Undecided(
            f"the first {len(subject.read(feed))} batches of the generator were looked at, and "
            f"there are more{wanted}"
        )


def _runs(fit: dict, name: str) -> int:
    """Return how often `fit` reads the data: in each epoch, or in each that is validated."""
    epochs = range(fit.get("initial_epoch", 0), fit.get("epochs", 1))
    every = fit.get("validation_freq", 1)
    if name == "data":
        return len(epochs)
    if isinstance(every, int):
        return sum((epoch + 1) % every == 0 for epoch in epochs)
    return sum(epoch + 1 in every for epoch in epochs)


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
