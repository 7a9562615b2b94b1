"""RE103: an epoch shows fewer rows, or more, than the data was made of."""

import math
from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE103",
    name="rows-lost",
    severity="error",
    title="An epoch does not show every row once",
    does=(
        "Counts the rows of all batches of an epoch, those of weight 0 apart, and compares the sum "
        "with `rows=`. For `predict` and `evaluate` each lost row is a lost answer."
    ),
    why=(
        "`len(x) // batch_size` in `__len__`, and `drop_remainder=True`, lose the last rows of "
        "every epoch. `predict` answers fewer rows than there are, and nothing is raised."
    ),
    fix="Round up in __len__, and use drop_remainder for training only.",
    chapter="tail-batches#what-floor-division-does",
)


def check(subject: Subject) -> Iterator[Found]:
    """Compare the rows of each feed that shows the rows of `rows` with their number."""
    wanted = subject.rows
    if wanted is None and all(feed.kind == "arrays" for feed in subject.feeds.values()):
        raise NothingToCheck("Keras shows each row of arrays once")
    if wanted is None:
        raise Undecided("the number of rows is not known; give rows=")
    for name in ("data", "predict", "evaluate"):
        feed = subject.feeds.get(name)
        if feed is None or (name != "data" and _made_of_others(feed, wanted)):
            continue
        looked = subject.read(feed)
        steps = subject.fit.get("steps_per_epoch") if name == "data" else None
        if steps is not None and feed.rows is None and steps != feed.count:
            if sum(batch.rows or 0 for batch in looked[:steps]) == wanted:
                continue
            if not feed.complete or steps < len(looked):
                raise Undecided(f"an epoch ends after steps_per_epoch={steps}, wherever data is")
        counted = _rows(feed, looked)
        if wanted not in counted and not (name == "data" and _dropped(feed, max(counted), wanted)):
            seen = min(counted, key=lambda rows: abs(rows - wanted))
            words = "fewer" if seen < wanted else "more"
            yield Found(
                f"an epoch of {name} shows {abs(seen - wanted)} rows {words} than there are",
                name,
                f"{seen} rows in {feed.count or len(feed.looked)} batches; rows={wanted}",
                "" if seen < wanted else "Let each row be in one batch, once in an epoch.",
            )


def _dropped(feed: Feed, seen: int, wanted: int) -> bool:
    """Whether only an incomplete batch is left out of the training, as its author has said."""
    size = feed.looked[0].rows or 0
    alike = all(batch.rows == size for batch in feed.looked)
    plan = getattr(feed.source, "plan", None)
    asked = feed.kind in ("tf.data", "DataLoader") or getattr(plan, "tail", "") == "drop"
    return asked and alike and wanted - size < seen < wanted


def _made_of_others(feed: Feed, wanted: int) -> bool:
    """Whether a feed of arrays has another number of rows: it is other data."""
    return feed.kind == "arrays" and feed.rows != wanted


def _rows(feed: Feed, looked: tuple[Looked, ...]) -> set[int]:
    """Return the rows of an epoch: all, and those whose weight is not 0."""
    if feed.rows is not None:
        return {feed.rows}
    sizes = [(batch.rows or 0, _weighed(batch)) for batch in looked]
    if feed.complete:
        return {sum(all_rows for all_rows, _ in sizes), sum(weighed for _, weighed in sizes)}
    indexed = feed.count is not None and looked[-1].index == feed.count - 1
    if not indexed:
        raise Undecided(
            f"{feed.name}: {len(looked)} batches were looked at, and there are more; "
            "give batches= a larger number"
        )
    inner = {all_rows for all_rows, _ in sizes[:-1]}
    if len(inner) > 1:
        raise Undecided(
            f"{feed.name}: {len(looked)} of {feed.count} batches were looked at, and they have "
            "several sizes; give batches= a larger number"
        )
    before = inner.pop() * (feed.count - 1)
    return {before + last for last in sizes[-1]}


def _weighed(batch: Looked) -> int:
    weights = keras.tree.flatten(batch.weight) if batch.weight is not None else []
    if len(weights) == 1 and np.ndim(weights[0]) == 1 and len(weights[0]) == batch.rows:
        return int(np.count_nonzero(weights[0]))
    return batch.rows or 0


class _FullBatches(keras.utils.PyDataset):
    def __init__(self, x: np.ndarray, y: np.ndarray):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x) // 32

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return self.x[32 * i : 32 * i + 32], self.y[32 * i : 32 * i + 32]


class _AllBatches(_FullBatches):
    def __len__(self) -> int:
        return math.ceil(len(self.x) / 32)


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Round the number of batches down: 105 rows, 3 batches of 32."""
    x, y = np.ones((105, 4), "float32"), np.ones((105, 1), "float32")
    return {"model": _model(), "data": _FullBatches(x, y), "rows": len(x)}


def mended() -> dict:
    """Round it up: the last batch has 9 rows."""
    x, y = np.ones((105, 4), "float32"), np.ones((105, 1), "float32")
    return {"model": _model(), "data": _AllBatches(x, y), "rows": len(x)}
