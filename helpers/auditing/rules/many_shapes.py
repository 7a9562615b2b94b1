"""RE502: XLA compiles the model once for each shape of a batch, and there are many."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.batching import Plan, geometric_ladder

RULE = Rule(
    code="RE502",
    name="many-shapes",
    severity="note",
    title="The compiled model meets many shapes of batches",
    does=(
        "Counts the distinct shapes of the batches that were looked at, if the model is compiled "
        "by XLA, and how many would be left if lengths were rounded up to `geometric_ladder(…, 4)`."
    ),
    why=(
        "With `jit_compile=True`, with `'auto'` on a GPU and by default on JAX, each new shape is "
        "compiled anew, which takes longer than many steps of training."
    ),
    fix=(
        "Round the lengths of batches up to a few: pad to the boundaries of batching.ladder, with "
        "batching.bucketed(..., tail='even')."
    ),
    chapter="variable-batches-deeper#shapes-and-compilation",
    backends=("tensorflow", "jax"),
)

_RUNGS = 4
_FEW = 5  # four lengths and a tail
_FINE = 16  # that `recommend` allows with jit


def check(subject: Subject) -> Iterator[Found]:
    """Count the shapes of each feed, if the model is compiled by XLA."""
    model: Any = subject.model
    if not getattr(model, "compiled", False):
        raise NothingToCheck("the model is not compiled")
    if model.run_eagerly or not model.jit_compile:
        raise NothingToCheck("jit is off, so no shape is compiled by itself")
    found, reasons = [], []
    for feed in subject.feeds.values():
        try:
            looked = [
                keras.tree.flatten((batch.x, batch.y, batch.weight)) for batch in subject.read(feed)
            ]
        except Undecided as reason:
            reasons.append(reason)
            continue
        shapes = [tuple(tuple(np.shape(leaf)) for leaf in leaves) for leaves in looked]
        count, batches, how = _counted(feed, shapes)
        needed = len(_on_ladders(shapes))
        if count > max(_FEW, needed) and (count > _FINE or 2 * count > batches):
            found.append(
                Found(
                    f"the batches of {feed.name} have {count} different shapes, and XLA compiles "
                    "the model for each of them",
                    feed.name,
                    f"{count} shapes in {batches} batches{how}; with lengths rounded up to a "
                    f"ladder of {_RUNGS}: {needed}",
                )
            )
    yield from found
    if reasons and not found:
        raise reasons[0]


def _counted(feed: Feed, shapes: list[tuple]) -> tuple[int, int, str]:
    """Return how many shapes there are, in how many batches, and which these are."""
    plan = getattr(feed.source, "plan", None)
    if isinstance(plan, Plan) and plan.padded_lengths is not None:
        return len(plan.shapes), len(plan), " of the plan"
    return len(set(shapes)), len(shapes), "" if feed.complete else " that were looked at"


def _on_ladders(shapes: list[tuple]) -> set[tuple]:
    """Return the shapes that are left when every axis but the first is rounded up to a ladder."""
    if len({tuple(map(len, batch)) for batch in shapes}) > 1:
        return set(shapes)  # of several ranks: no ladder helps
    sizes = [[size for shape in batch for size in shape] for batch in shapes]
    first = [i == 0 for shape in shapes[0] for i in range(len(shape))]
    columns = []
    for rows, column in zip(first, zip(*sizes, strict=True), strict=True):
        if rows or len(set(column)) == 1:
            columns.append(column)
        else:
            rungs = geometric_ladder(list(column), _RUNGS)
            columns.append(tuple(rungs[np.searchsorted(rungs, column)].tolist()))
    return set(zip(*columns, strict=True))


class _Batches(keras.utils.PyDataset):
    def __init__(self, lengths: list[int]):
        super().__init__()
        self.lengths = lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        x = np.random.default_rng(i).normal(size=(8, self.lengths[i], 2))
        return x.astype("float32"), np.ones((8, 1), "float32")


def _model() -> keras.Model:
    pool = keras.layers.GlobalAveragePooling1D()
    model = keras.Sequential([keras.Input((None, 2)), pool, keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=True)
    return model


def broken() -> dict:
    """Give each batch a length of its own."""
    return {"model": _model(), "data": _Batches([7, 12, 31, 9, 22, 17, 40, 26])}


def mended() -> dict:
    """Choose the rows of a batch so that it has one of three lengths."""
    return {"model": _model(), "data": _Batches([12, 22, 40, 12, 22, 22, 40, 40])}
