"""RE105: a batch without rows."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule
from helpers.auditing.structure import in_each_feed, is_empty
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE105",
    name="empty-batch",
    severity="error",
    title="A batch has no rows",
    does="Counts the rows of every batch that was looked at.",
    why=(
        "On TensorFlow the optimizer steps all the same, batch normalization remembers NaN for "
        "ever, a convolution raises, and a loss of one's own that takes a mean is NaN. On JAX and "
        "PyTorch `fit` raises and `evaluate` answers NaN."
    ),
    fix="Let the number of batches be math.ceil(len(x) / batch_size), and skip batches of no rows.",
    chapter="tail-batches#one-batch-too-many-turns-predictions-into-nan",
)


def check(subject: Subject) -> list[Found]:
    """Find batches without rows in every feed."""
    if all(feed.kind == "arrays" for feed in subject.feeds.values()):
        raise NothingToCheck("Keras cuts arrays into batches with rows")
    return in_each_feed(subject, _empty)


def _empty(feed: Feed) -> Iterator[Found]:
    empty = [batch.index for batch in feed.looked if is_empty(batch)]
    if empty:
        which = ", ".join(map(str, empty[:5])) + ", ..." * (len(empty) > 5)
        yield Found(
            f"{len(empty)} of {len(feed.looked)} batches of {feed.name} have no rows"
            if len(empty) > 1
            else f"batch {empty[0]} of {feed.name} has no rows",
            f"{feed.name}, batch {empty[0]}",
            f"0 rows in batch {which} of {len(feed.looked)} that were looked at",
        )


class _Batches(keras.utils.PyDataset):
    def __init__(self, count: int):
        super().__init__()
        self.count, self.x, self.y = count, np.ones((64, 4)), np.ones((64, 1))

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return self.x[32 * i : 32 * i + 32], self.y[32 * i : 32 * i + 32]


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Add one to the number of batches, whatever is left over: 64 rows, 3 batches."""
    return {"model": _model(), "data": _Batches(64 // 32 + 1)}


def mended() -> dict:
    """Round up: 64 rows, 2 batches."""
    return {"model": _model(), "data": _Batches(-(-64 // 32))}
