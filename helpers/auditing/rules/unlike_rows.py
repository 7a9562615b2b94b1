"""RE109: arrays of one batch hold unlike numbers of rows."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.kept import everything_kept
from helpers.auditing.losses import has_loss, loss_of
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.structure import arrays_of, in_each_feed, is_empty, whole
from helpers.auditing.subject import Subject
from helpers.raised import first_line

RULE = Rule(
    code="RE109",
    name="unlike-rows",
    severity="error",
    title="Arrays of one batch hold unlike numbers of rows",
    does=(
        "Counts the rows of all inputs, targets and weights of each batch. Where they differ in a "
        "batch, it calls the model and the loss with it: some losses take targets in another form."
    ),
    why=(
        "Of whole arrays Keras says so before it begins. Of batches it does not ask: an operation "
        "of the loss raises somewhere in the graph, and one row of weights, or of one of several "
        "inputs, is stretched over all rows without a word."
    ),
    fix="Cut every array of a batch by the same rows.",
    chapter="variable-batches#what-fit-takes",
)


def check(subject: Subject) -> list[Found]:
    """Count the rows of every array of each batch."""
    return in_each_feed(subject, lambda feed: _unlike(subject.model, feed))


def _unlike(model: Any, feed: Feed) -> Iterator[Found]:
    for batch in (whole(feed),) if feed.kind == "arrays" else feed.looked:
        rows = _rows(batch)
        if len(set(rows.values())) < 2 or is_empty(batch):
            continue
        why = "Keras refuses them" if feed.kind == "arrays" else _why(model, feed, batch, rows)
        if why:
            where = feed.name if feed.kind == "arrays" else f"{feed.name}, batch {batch.index}"
            first = next(iter(rows))
            other = next(place for place in rows if rows[place] != rows[first])
            yield Found(
                f"{where}: {first} has {_counted(rows[first])} and {other} "
                f"{_counted(rows[other])}; {why}",
                f"{where}, {other}",
                ", ".join(f"{place}: {_counted(count)}" for place, count in rows.items()),
            )
            return


def _rows(batch: Looked) -> dict[str, int]:
    """Return how many rows each array has; what has no axes has none."""
    found = {}
    for place, array in arrays_of(batch).items():
        shape: tuple = getattr(array, "shape", ())
        if len(shape) and shape[0] is not None:
            found[place] = int(shape[0])
    return found


def _why(model: Any, feed: Feed, batch: Looked, rows: dict[str, int]) -> str:
    """Say what becomes of such a batch, or nothing if it is right or another rule's."""
    inputs = {count for place, count in rows.items() if place.startswith("x")}
    if len(inputs) > 1:
        answers, raised = _answers(model, batch)
        if raised:
            return raised
        if {np.shape(one)[:1] for one in answers} != {(max(inputs),)}:
            return ""  # each input has answers of its own
        return f"the model stretches them to {max(inputs)} rows" if 1 in inputs else ""
    (count,) = inputs
    weights = {rows[place] for place in rows if place.startswith("sample_weight")} - {count}
    if weights == {1}:
        return f"one row of weights is stretched over {count} rows"
    if feed.name == "predict":
        return ""  # which leaves targets and weights aside
    answers, raised = _answers(model, batch)
    if raised:
        raise Undecided(f"{feed.name}: with batch {batch.index} {raised}")
    if not has_loss(model):
        if any(np.shape(one)[:1] != (count,) for one in answers):
            raise Undecided(
                f"{feed.name}: targets and inputs of batch {batch.index} have unlike numbers of "
                "rows, and so have the answers"
            )
        return f"the answers have {_counted(count)}"
    if _trains_itself(model):
        raise Undecided(
            f"{feed.name}: targets and inputs of batch {batch.index} have unlike numbers of rows, "
            "and the model has a train_step of its own"
        )
    try:
        loss_of(model, batch)  # one row of targets that it stretches is `target-broadcast`
    except Exception as error:
        return f"the loss raises {type(error).__name__}: {first_line(error)}"
    return ""


def _answers(model: Any, batch: Looked) -> tuple[list, str]:
    try:
        with everything_kept(model):
            return keras.tree.flatten(model(batch.x, training=False)), ""
    except Exception as error:
        return [], f"the model raises {type(error).__name__}: {first_line(error)}"


def _trains_itself(model: Any) -> bool:
    step = getattr(type(model), "train_step", None)
    return not getattr(step, "__module__", "keras").startswith("keras.")


def _counted(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


class _Batches(keras.utils.PyDataset):
    def __init__(self, size: int):
        super().__init__()
        self.size, self.x, self.y = size, np.ones((96, 4)), np.ones((96, 1))

    def __len__(self) -> int:
        return 3

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return self.x[32 * i : 32 * i + 32], self.y[32 * i : 32 * i + self.size]


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Forget the last target of each batch."""
    return {"model": _model(), "data": _Batches(31)}


def mended() -> dict:
    """Cut inputs and targets alike."""
    return {"model": _model(), "data": _Batches(32)}
