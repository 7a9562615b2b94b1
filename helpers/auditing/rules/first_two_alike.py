"""RE106: the first two batches have one shape, and later ones have another."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule
from helpers.auditing.structure import arrays_of, in_each_feed
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.feeding import PlannedDataset

RULE = Rule(
    code="RE106",
    name="first-two-alike",
    severity="error",
    title="The first two batches agree on an axis that varies later",
    does=(
        "Compares the shapes of the first two batches, which are all that Keras looks at, with "
        "those of the later ones, axis by axis."
    ),
    why=(
        "On TensorFlow Keras takes an axis on which the first two batches of a PyDataset or a "
        "generator agree for fixed. `fit`, `evaluate` and `predict` stop at the first batch that "
        "differs, be it after hours."
    ),
    fix=(
        "Let the first two batches differ on that axis, or feed a tf.data.Dataset with None in its "
        "signature."
    ),
    chapter="variable-batches#the-first-two-batches",
    backends=("tensorflow",),
)

_KINDS = ("PyDataset", "factory", "DataLoader")


def check(subject: Subject) -> list[Found]:
    """Compare the first two batches of every feed in Python with the later ones."""
    if not any(feed.kind in (*_KINDS, "generator") for feed in subject.feeds.values()):
        raise NothingToCheck("Keras takes shapes from batches of datasets in Python alone")
    return in_each_feed(subject, _fixed, (*_KINDS, "generator"))


def _fixed(feed: Feed) -> Iterator[Found]:
    if getattr(type(feed.source), "__getitem__", None) is PlannedDataset.__getitem__:
        return  # it shows Keras two batches that differ wherever its plan varies
    if len(feed.looked) < 3 or [batch.index for batch in feed.looked[:2]] != [0, 1]:
        return
    first, second, *later = [
        {place: leaf.shape for place, leaf in arrays_of(batch).items() if _is_array(leaf)}
        for batch in feed.looked
    ]
    for place, shape in first.items():
        for axis in range(1, len(shape)):  # the batch axis is always left open
            sizes = [one.get(place, ())[axis : axis + 1] for one in (second, *later)]
            other = [i for i, size in enumerate(sizes, 1) if size and size[0] != shape[axis]]
            if other and other[0] > 1:
                found = sizes[other[0] - 1][0]
                index = feed.looked[other[0]].index
                yield Found(
                    f"the first two batches of {feed.name} have {shape[axis]} on axis {axis} of "
                    f"{place}, and batch {index} has {found}: Keras takes that axis for fixed and "
                    "stops there",
                    f"{feed.name}, batch {index}, {place}, axis {axis}",
                    f"{shape[axis]}, {shape[axis]} and {found}; {len(other)} of {len(feed.looked)} "
                    "batches differ from the first",
                )


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray)  # ragged and sparse tensors have axes of their own


class _Batches(keras.utils.PyDataset):
    def __init__(self, lengths: tuple[int, ...]):
        super().__init__()
        self.lengths = lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return np.ones((8, self.lengths[i], 2), "float32"), np.ones((8, 1), "float32")


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Give batches of 5, 5 and 7 timesteps."""
    return {"model": _model(), "data": _Batches((5, 5, 7))}


def mended() -> dict:
    """Let the first two differ."""
    return {"model": _model(), "data": _Batches((5, 7, 5))}
