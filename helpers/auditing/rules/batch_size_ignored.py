"""RE304: a size of batches is given with data that comes in batches, and is ignored."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE304",
    name="batch-size-ignored",
    severity="warning",
    title="batch_size= is ignored, because the data makes its batches itself",
    does=(
        "Compares `batch_size` and `validation_batch_size` of `fit` with the rows of the batches "
        "that a PyDataset, a tf.data.Dataset, a DataLoader or a generator gives."
    ),
    why=(
        "Keras 3.13 to 3.15 drop the argument without a word, on every backend. Learning rates, "
        "steps and times that were chosen for the size that is written there are off."
    ),
    fix="Leave the argument out, and set the size where the batches are made.",
    chapter="tail-batches-deeper#batch_size-does-nothing-here",
)


def check(subject: Subject) -> Iterator[Found]:
    """Compare the sizes asked for with those there are."""
    asked = {"data": "batch_size", "validation": "validation_batch_size"}
    pairs = [
        (subject.feeds[name], word, subject.fit[word])
        for name, word in asked.items()
        if name in subject.feeds and subject.fit.get(word) is not None
    ]
    pairs = [pair for pair in pairs if pair[0].kind != "arrays"]
    if not pairs:
        raise NothingToCheck("`fit` is given no size of batches, or arrays, which it cuts")
    for feed, word, size in pairs:
        rows = _sizes(feed)
        if rows and max(rows) == size:
            continue
        there = "unknown, since it was not read"
        if rows:
            there = f"{min(rows)} to {max(rows)}" if len(rows) > 1 else str(*rows)
        yield Found(
            f"{feed.name} is a {feed.kind} and makes its own batches; {word}={size} is ignored",
            f"fit, {word}",
            f"{word}={size}; rows in the batches of {feed.name}: {there}",
        )


def _sizes(feed: Feed) -> set[int]:
    return {batch.rows for batch in feed.looked if batch.rows is not None}


class _Batches(keras.utils.PyDataset):
    def __init__(self, size: int):
        super().__init__()
        self.size = size

    def __len__(self) -> int:
        return 96 // self.size

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return np.ones((self.size, 4), "float32"), np.ones((self.size, 1), "float32")


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Ask `fit` for 32 rows, where the dataset gives 8."""
    return {"model": _model(), "data": _Batches(8), "fit": {"batch_size": 32}}


def mended() -> dict:
    """Ask the dataset for them."""
    return {"model": _model(), "data": _Batches(32)}
