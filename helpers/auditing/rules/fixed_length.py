"""RE206: the model takes one length, and the data has several."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Looked
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.masking.recording import quietly, record_calls, state_kept
from helpers.raised import first_line

RULE = Rule(
    code="RE206",
    name="fixed-length",
    severity="error",
    title="The model fixes a length that differs between batches",
    does="Calls the model with a batch of each shape that was looked at, up to six shapes.",
    why=(
        "A number in `Input`, `Flatten` or `Reshape` before `Dense`, or a table of positions "
        "writes one length into the model. A batch of another length raises, in the middle of "
        "`fit` or only in `predict`, or comes out with another number of rows."
    ),
    fix=(
        "Write None for that axis in `Input`, and end time with a recurrent layer, attention or "
        "GlobalAveragePooling1D in place of Flatten; or pad all data to one length."
    ),
    chapter="variable-batches#which-layer-fixes-which-axis",
)
_MOST = 6  # shapes that the model is called with


@dataclass(frozen=True)
class _Tried:
    """A batch, and what became of it: "" if it went through."""

    feed: str
    batch: Looked
    sizes: tuple
    problem: str = ""
    layer: str = ""


def check(subject: Subject) -> Iterator[Found]:
    """Call the model with batches of several shapes."""
    batches, unread = _by_shape(subject)
    if len(batches) < 2:
        if unread:
            raise Undecided(unread)
        raise NothingToCheck("all batches that were looked at have one shape")
    with state_kept(subject.model), quietly():
        tried = [_try(subject, *one) for one in batches]
        taken, refused = ([t for t in tried if bool(t.problem) is bad] for bad in (False, True))
        if not taken:
            raise Undecided(f"the model takes none of {len(tried)} shapes: {tried[0].problem}")
        if not refused:
            return
        bad = refused[0]
        good = min(taken, key=lambda one: sum(a != b for a, b in _pairs(one.sizes, bad.sizes)))
        between = _try(subject, good.feed, _longer(good, bad))
    word = "fixes the length" if between.problem else "does not take every length"
    layer = bad.layer or subject.model.name
    yield Found(
        f"{layer} {word}: it takes {_said(good.sizes)}, not {_said(bad.sizes)} as in {bad.feed}",
        f"layer {layer}; {bad.feed}, batch {bad.batch.index}",
        f"{len(refused)} of {len(tried)} shapes are not taken; {bad.problem}",
    )


def _by_shape(subject: Subject) -> tuple[list[tuple[str, Looked]], str]:
    """Return a batch of each shape, those of the training data first, and what was not read."""
    found: dict[tuple, tuple[str, Looked]] = {}
    kinds, unread = None, ""
    for name, feed in subject.feeds.items():
        try:
            looked = subject.read(feed)
        except Undecided as reason:
            unread = unread or str(reason)
            continue
        for batch in looked:
            leaves = keras.tree.flatten(batch.x)
            if not all(isinstance(leaf, np.ndarray) and leaf.size for leaf in leaves):
                continue
            like = [(leaf.ndim, leaf.dtype.kind) for leaf in leaves]
            kinds = kinds or like
            if like == kinds:  # what differs in more than its sizes is another fault
                found.setdefault(_sizes(batch), (name, batch))
    ordered = list(found.items())
    by_size = sorted(ordered, key=lambda one: sum(map(sum, one[0])))
    chosen = dict([*ordered[: _MOST - 2], by_size[0], by_size[-1]]) if ordered else {}
    return list(chosen.values()), unread


def _sizes(batch: Looked) -> tuple:
    return tuple(leaf.shape[1:] for leaf in keras.tree.flatten(batch.x))


def _try(subject: Subject, feed: str, batch: Looked) -> _Tried:
    fixed = {t.shape[0] for t in getattr(subject.model, "inputs", None) or []} - {None}
    rows = min(fixed) if fixed else batch.rows or 1
    every = np.arange(rows) % (batch.rows or 1)  # the number of rows is another matter
    x = keras.tree.map_structure(lambda leaf: leaf[every], batch.x)
    with record_calls(failed=True) as calls:
        try:
            outputs = keras.tree.flatten(subject.model(x, training=False))
        except Exception as error:
            layer = next((call.name for call in reversed(calls) if not call.outputs), "")
            problem = f"{type(error).__name__}: {first_line(error)}"
            return _Tried(feed, batch, _sizes(batch), problem, layer)
    counts = [int(tensor.shape[0]) for tensor in outputs if len(tensor.shape)]
    wrong = [n for n in counts if n % rows and n > 1]
    problem = f"{wrong[0]} entries come out for {rows} rows" if wrong else ""
    return _Tried(feed, batch, _sizes(batch), problem)


def _longer(good: _Tried, bad: _Tried) -> Looked:
    """Return a batch that is taken, one step longer or shorter where the other one differs."""

    def other(leaf: np.ndarray, mine: tuple, theirs: tuple) -> np.ndarray:
        for axis, (a, b) in enumerate(zip(mine, theirs, strict=True), 1):
            if a != b:
                steps = np.minimum(np.arange(a + 1 if b > a or a == 1 else a - 1), a - 1)
                leaf = np.take(leaf, steps, axis=axis)
        return leaf

    leaves = keras.tree.flatten(good.batch.x)
    parts = [other(*three) for three in zip(leaves, good.sizes, bad.sizes, strict=True)]
    return Looked(good.batch.index, keras.tree.pack_sequence_as(good.batch.x, parts))


def _pairs(one: tuple, other: tuple) -> Iterator[tuple]:
    return ((a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))


def _said(sizes: tuple) -> str:
    return " and ".join(str(("batch", *one)).replace("'", "") for one in sizes)


def _arguments(*ends: Any) -> dict:
    class Lengths(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
            return np.ones((4, (6, 9, 6)[i], 3), "float32"), np.ones((4, 1), "float32")

    model = keras.Sequential([*ends, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return {"model": model, "data": Lengths(), "rows": 12}


def broken() -> dict:
    """Flatten the first batch: the Dense behind it is built for its 6 steps."""
    return _arguments(keras.layers.Flatten())


def mended() -> dict:
    """Take the mean over however many steps there are."""
    return _arguments(keras.Input((None, 3)), keras.layers.GlobalAveragePooling1D())
