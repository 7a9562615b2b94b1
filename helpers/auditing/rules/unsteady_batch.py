"""RE110: a dataset answers differently when it is asked again for the same batch."""

from collections import Counter
from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.asked import (
    arrays_in,
    ask,
    generators_of,
    is_equal,
    is_ours,
    is_same,
    rows_in,
    source_kept,
)
from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.rule import Found, Rule
from helpers.auditing.structure import arrays_of, in_each_feed, is_empty
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.raised import first_line

RULE = Rule(
    code="RE110",
    name="unsteady-batch",
    severity="warning",
    title="A batch has other rows when it is asked for again",
    does=(
        "Asks a PyDataset again for some of its batches, out of order and twice, and compares "
        "rows, targets and shapes with those of the first time. Other values of the same rows are "
        "augmentation, which is right."
    ),
    why=(
        "On TensorFlow Keras asks for the first two batches twice, `fit` shuffles the order by "
        "default, and with workers batches are made side by side. A `__getitem__` that counts "
        "its calls or draws its rows then shows some rows twice and others never, and answers of "
        "`predict` belong to other rows."
    ),
    fix=(
        "Let __getitem__ depend on its index alone, and reorder rows in on_epoch_end; what draws "
        "rows at random is a generator with steps_per_epoch."
    ),
    chapter="variable-batches#the-first-two-batches",
)


def check(subject: Subject) -> list[Found]:
    """Ask each PyDataset again."""
    feeds = subject.feeds.values()
    if not any(feed.kind == "PyDataset" for feed in feeds):
        raise NothingToCheck("no data is a PyDataset, which is asked for batches by number")
    return in_each_feed(subject, _unsteady, ("PyDataset",))


def _unsteady(feed: Feed) -> Iterator[Found]:
    filled = [batch for batch in feed.looked if not is_empty(batch)]
    if is_ours(feed) or not filled:
        return
    picks = sorted({batch.index for batch in (*filled[:3], filled[-1])})
    first: dict[int, Looked] = {}
    again: list[Looked] = []
    with source_kept(feed.source):
        held = arrays_in(feed.source)
        for index in (*picks, *picks[::-1], picks[0]):
            try:
                batch = ask(feed.source, index)
            except Exception as error:
                raised = f"{type(error).__name__}: {first_line(error)}"
                yield _found(feed, index, "raises", f"once {filled[0].rows} rows, then {raised}")
                return
            if index in first:
                again.append(batch)
            else:
                first[index] = batch
        in_place = [array.shape for array, copy in held if not is_equal(array, copy)]
    changed = [batch for batch in again if not is_same(batch, first[batch.index])]
    if not changed:
        return
    by_state = _by_state(feed, picks)
    for batch in changed:
        others = [key for i, one in first.items() if i != batch.index for key in rows_in(one)]
        words = _differs(first[batch.index], batch, set(others), by_state)
        if words:
            yield _found(feed, batch.index, *words)
            return
    if by_state and in_place:
        yield _found(
            feed,
            changed[0].index,
            "has other numbers, since __getitem__ changes what the dataset holds in place,",
            f"an array {in_place[0]} of the dataset is another after {len(first) + len(again)} "
            "calls",
            "Copy rows before they are changed, such as x = x / 255 for x /= 255.",
        )


def _found(feed: Feed, index: int, what: str, measured: str, fix: str = "") -> Found:
    return Found(
        f"batch {index} of {feed.name} {what} when it is asked for again",
        f"{feed.name}, batch {index}",
        measured,
        fix,
    )


def _by_state(feed: Feed, picks: list[int]) -> bool:
    """Whether batches depend on the calls before, with random numbers the same."""
    source, reset = feed.source, generators_of(feed.source)
    answers = []
    for before in ((), (), (*picks, *picks[1:])):
        with source_kept(source):
            try:
                reset()
                for index in before:
                    ask(source, index)
                reset()
                answers.append(ask(source, picks[0]))
            except Exception:
                return True
            finally:
                reset()
    return is_same(*answers[:2]) and not is_same(*answers[1:])


def _differs(
    before: Looked, now: Looked, others: set[bytes], by_state: bool
) -> tuple[str, str] | None:
    """Say in which way a batch has other rows, targets or shapes."""
    cause = "by the calls before it" if by_state else "at random"
    if now.rows != before.rows:
        return "has another number of rows", f"{before.rows} rows, then {now.rows}, {cause}"
    held, keys = set(rows_in(before)), rows_in(now)
    moved = sum(key in others and key not in held for key in keys)
    if 8 * moved > len(keys):  # one may be alike by chance, as of a small alphabet
        return "has other rows", f"{moved} of {len(keys)} rows were in other batches, {cause}"
    shapes = [
        {place: np.shape(leaf) for place, leaf in arrays_of(one).items()} for one in (before, now)
    ]
    if shapes[0] != shapes[1]:
        if not by_state and keras.backend.backend() != "tensorflow":
            return None
        place = next(place for place in shapes[0] if shapes[0][place] != shapes[1].get(place))
        sizes = f"{place} {shapes[0][place]}, then {shapes[1].get(place)}"
        return "has another shape", f"{sizes}, {cause}"
    targets = [Counter(rows_in(one, "y")) for one in (before, now)]
    if targets[0] != targets[1] and _are_labels(now) and (by_state or _are_drawn(before, now)):
        count = sum((targets[0] - targets[1]).values())
        return "has other targets", f"{count} of {now.rows} targets differ, {cause}"
    return None


def _targets(batch: Looked) -> list:
    return [array for place, array in arrays_of(batch).items() if place.startswith("y")]


def _are_labels(batch: Looked) -> bool:
    """Whether a row has one target, or one place of several: pictures may turn with the inputs."""
    return all(
        isinstance(one, np.ndarray)
        and (one[:1].size <= 1 or (one.ndim == 2 and (one != 0).sum() == len(one)))
        for one in _targets(batch)
    )


def _are_drawn(before: Looked, now: Looked) -> bool:
    """Whether targets are classes, and most of what the inputs hold changes with them.

    Masking of some tokens at random changes few inputs; mixing of rows makes fractions of targets.
    """
    targets = [*_targets(before), *_targets(now)]
    whole = all(
        one.dtype.kind in "biu" or (one.dtype.kind == "f" and (one == np.round(one)).all())
        for one in targets
    )
    first, then = arrays_of(before), arrays_of(now)
    same = [np.mean(first[place] == then[place]) for place in then if place.startswith("x")]
    return whole and float(np.mean(same)) < 0.5


class _Batches(keras.utils.PyDataset):
    def __init__(self, x: np.ndarray, y: np.ndarray):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self) -> int:
        return 3

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return self.x[8 * i : 8 * i + 8], self.y[8 * i : 8 * i + 8]


class _NextBatches(_Batches):
    at = 0

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        batch = super().__getitem__(self.at)
        self.at = (self.at + 1) % 3
        return batch


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Give the next batch, whichever is asked for."""
    x = np.arange(24, dtype="float32")[:, None]
    return {"model": _model(), "data": _NextBatches(x, 2 * x)}


def mended() -> dict:
    """Give the batch that is asked for."""
    x = np.arange(24, dtype="float32")[:, None]
    return {"model": _model(), "data": _Batches(x, 2 * x)}
