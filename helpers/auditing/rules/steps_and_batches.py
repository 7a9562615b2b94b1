"""RE303: fit asks for more batches than there are, or for a number that does not go into them."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE303",
    name="steps-and-batches",
    severity="error",
    title="steps_per_epoch or validation_steps is not the number of batches",
    does=(
        "Counts the steps that each epoch of `fit` gets from the batches there are: an epoch goes "
        "on where the last one stopped, and a validation begins anew."
    ),
    why=(
        "With 5 batches, `steps_per_epoch=4` gives epochs of 4, 1, 4, 1 steps, and 6 gives epochs "
        "of 5 and a warning. With `validation_steps` rounded down the last rows never count."
    ),
    fix="Leave the steps out where the data has a length, or make the data repeat.",
    chapter="tail-batches#what-floor-division-does",
)
_WORDS = {"data": "steps_per_epoch", "validation": "validation_steps"}


def check(subject: Subject) -> Iterator[Found]:
    """Compare the steps asked for with the batches of training and validation."""
    pairs = [
        (subject.feeds[name], subject.fit[word])
        for name, word in _WORDS.items()
        if name in subject.feeds and subject.fit.get(word) is not None
    ]
    if not pairs:
        raise NothingToCheck("`fit` is told no number of steps")
    found: list[Found] = []
    unknown: list[str] = []
    for feed, steps in pairs:
        count = _count(feed)
        if count is None:
            found += _rows_as_steps(subject, feed, steps)
            if not _repeats(feed):
                unknown.append(f"the number of batches of {feed.name} is not known; give batches=")
        elif feed.name == "data":
            found += _training(feed, count, steps, subject.fit)
        else:
            found += _validation(subject, feed, count, steps)
    if unknown and not found:
        raise Undecided(unknown[0])
    yield from found


def _count(feed: Feed) -> int | None:
    """Return the batches of data that Keras can begin again; None if unknown or without end."""
    if feed.kind in ("factory", "generator"):
        return None  # see generator-ends
    if feed.count is None and feed.complete:
        return len(feed.looked)
    return feed.count


def _repeats(feed: Feed) -> bool:
    """Whether the data is known to go on for ever, or another rule asks that."""
    endless = feed.kind == "tf.data" and int(feed.source.cardinality()) == -1
    return endless or feed.kind in ("factory", "generator", "PyDataset")


def steps_of_epochs(count: int, steps: int, epochs: int, known: bool = True) -> list[int]:
    """Return how many steps each epoch of ``fit`` gets; Keras begins the data again at its end.

    Args:
        count: Batches there are.
        steps: ``steps_per_epoch``.
        epochs: Epochs.
        known: Whether Keras knows the count beforehand. If not, it finds the end by a step more.

    Returns:
        Steps of each epoch.
    """
    taken, seen = [], 0
    for _ in range(epochs):
        here = min(steps, count - seen)
        taken.append(here)
        seen += here
        if here < steps or (known and seen == count):
            seen = 0
    return taken


def _training(feed: Feed, count: int, steps: int, fit: dict) -> Iterator[Found]:
    epochs = fit.get("epochs", 1) - fit.get("initial_epoch", 0)
    taken = steps_of_epochs(count, steps, min(epochs, 10_000), feed.count is not None)
    short = [i for i, here in enumerate(taken) if here < steps]
    left = count - steps
    if steps > count:
        message = f"`fit` asks for {steps} steps an epoch, and data has {count} batches"
    elif short:
        message = f"{steps} steps an epoch do not go into the {count} batches of data"
    elif left == 1 and epochs == 1:
        message = f"`fit` asks for {steps} steps, and data has {count} batches; one is left out"
    else:
        return
    first = ", ".join(map(str, taken[:6])) + (", ..." if len(taken) > 6 else "")
    yield Found(
        message,
        "fit, steps_per_epoch",
        f"steps of the epochs: {first}; {len(short)} of {len(taken)} epochs are short",
    )


def _validation(subject: Subject, feed: Feed, count: int, steps: int) -> Iterator[Found]:
    guess = _other_size(subject, feed, count)
    if steps > count:
        message = f"validation asks for {steps} steps, and there are {count} batches"
    elif steps == count - 1 or steps == guess:
        message = f"validation looks at {steps} of {count} batches; the rest never counts"
    else:
        return  # fewer on purpose, for speed
    yield Found(message, "fit, validation_steps", f"validation_steps={steps}; {count} batches")


def _other_size(subject: Subject, feed: Feed, count: int) -> int | None:
    """Return how many batches there would be, were they of the size of the training's."""
    own, other = feed.looked[0].rows, subject.data.looked[0].rows if subject.data.looked else None
    if not own or not other or own >= other or count < 3:
        return None
    return (own * (count - 1) + (feed.looked[-1].rows or own)) // other


def _rows_as_steps(subject: Subject, feed: Feed, steps: int) -> Iterator[Found]:
    """Find steps that are the number of rows, where batches of several rows come for ever."""
    size = feed.looked[0].rows if feed.looked else None
    if feed.name == "data" and size and size > 1 and steps == subject.rows and steps > size:
        yield Found(
            f"steps_per_epoch={steps} is the number of rows; an epoch shows each row {size} times",
            "fit, steps_per_epoch",
            f"steps_per_epoch={steps}, rows={subject.rows}, {size} rows in a batch",
            f"Give steps_per_epoch={-(-steps // size)}.",
        )


class _Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 5

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        rows = 8 if i < 4 else 3
        return np.ones((rows, 4), "float32"), np.ones((rows, 1), "float32")


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Round 35 rows down to 4 batches of 8, where there are 5: every second epoch has one step."""
    return {"model": _model(), "data": _Batches(), "fit": {"steps_per_epoch": 35 // 8, "epochs": 4}}


def mended() -> dict:
    """Ask for nothing: the dataset knows its length."""
    return {"model": _model(), "data": _Batches(), "fit": {"epochs": 4}}
