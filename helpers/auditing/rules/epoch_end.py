"""RE111: on_epoch_end changes what an epoch shows, and Keras calls it once more than it seems."""

import contextlib
import io
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from helpers.auditing.asked import (
    ask,
    disturb,
    generators_of,
    is_ours,
    is_same,
    large_arrays_locked,
    rows_in,
    source_kept,
)
from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.structure import arrays_of, in_each_feed
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.raised import first_line

RULE = Rule(
    code="RE111",
    name="epoch-end",
    severity="warning",
    title="`on_epoch_end` changes the number of batches, loses rows or counts epochs",
    does=(
        "Calls `on_epoch_end` of a PyDataset as often as `fit`, `evaluate` or `predict` will, and "
        "compares the number of batches, the rows and their targets before and after. Another "
        "order of the same rows is right, except for `predict`."
    ),
    why=(
        "Keras 3 also calls it once before the first epoch of `fit` and before each `evaluate` and "
        "each validation, so what it counts is one ahead. The number of batches is asked for once: "
        "what is added later is never shown. What it loses stays lost."
    ),
    fix="Only reorder rows in on_epoch_end; count epochs in a callback.",
    chapter="variable-batches#the-first-two-batches",
)

_MOST_CALLS, _SECONDS = 50, 0.5


def check(subject: Subject) -> list[Found]:
    """Call on_epoch_end of each PyDataset that has one of its own."""
    own = [feed for feed in subject.feeds.values() if _has_own(feed)]
    if not own:
        raise NothingToCheck("no data is a PyDataset with an on_epoch_end of its own")
    epochs = subject.fit.get("epochs", 1)
    epochs = epochs if isinstance(epochs, int) else 1
    calls = {"data": epochs + 1, "validation": 2 * epochs, "evaluate": 2, "predict": 1}
    return in_each_feed(subject, lambda feed: _changed(feed, calls[feed.name]), ("PyDataset",))


def _has_own(feed: Feed) -> bool:
    own = getattr(type(feed.source), "on_epoch_end", None)
    return (
        feed.kind == "PyDataset"
        and not is_ours(feed)
        and (own is not keras.utils.PyDataset.on_epoch_end or "on_epoch_end" in vars(feed.source))
    )


@dataclass
class _Epochs:
    """Batches of an epoch before and after one call, and the number of batches after each call."""

    before: list[Looked]
    after: list[Looked]
    counts: list[int]
    raised: str = ""


def _changed(feed: Feed, calls: int) -> Iterator[Found]:
    if not _has_own(feed):
        return
    seen = _run(feed, calls)
    if words := _words(feed, seen, calls):
        message, measured, *fix = words
        yield Found(f"{feed.name}: {message}", f"{feed.name}, on_epoch_end", measured, *fix)


def _run(feed: Feed, calls: int) -> _Epochs:
    source, indices = feed.source, [batch.index for batch in feed.looked]
    seen = _Epochs([], [], [])
    with (
        source_kept(source),
        large_arrays_locked(source),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        seen.counts.append(_count(source))
        seen.before = [ask(source, i) for i in indices]
        begin = time.monotonic()
        for call in range(1, min(calls, _MOST_CALLS) + 1):
            if call > 2 and time.monotonic() - begin > _SECONDS:
                break
            try:
                with large_arrays_locked(source):
                    source.on_epoch_end()
                seen.counts.append(_count(source))
                if call == 1:
                    count = seen.counts[-1]
                    seen.after = [ask(source, i) for i in indices if i < count]
            except Exception as error:
                if "read-only" in str(error):
                    raise Undecided(
                        f"{feed.name}: on_epoch_end changes a large array in place, which the "
                        "audit could not put back"
                    ) from error
                seen.raised = f"call {call} raises {type(error).__name__}: {first_line(error)}"
                break
    return seen


def _count(source: Any) -> int:
    count = source.num_batches
    return -1 if count is None or count == float("inf") else int(count)


def _words(feed: Feed, seen: _Epochs, calls: int) -> tuple | None:
    often = f"Keras calls it {calls} time{'s' * (calls != 1)}, {_WHEN[feed.name]}"
    if seen.raised:
        return f"on_epoch_end cannot be called as often as Keras does; {often}", seen.raised
    counts = list(dict.fromkeys(seen.counts))
    if len(counts) > 1:
        return (
            "on_epoch_end changes the number of batches, which Keras asks for once; "
            f"batches that are added are not shown; {often}",
            f"{counts[0]} batches, then {', '.join(map(str, counts[1:4]))}",
            "Keep the number of batches, or call `fit` again for each number.",
        )
    if pairs := _other_targets(seen):
        same, wrong = pairs
        return (
            "after on_epoch_end the same inputs have other targets",
            f"{wrong} of {same} rows of the same inputs have other targets",
            "Reorder inputs and targets by one permutation.",
        )
    return _of_rows(feed, seen, often)


_WHEN = {
    "data": "once before the first epoch of `fit`",
    "validation": "before and after each validation",
    "evaluate": "before and after the evaluation",
    "predict": "after the answers",
}


def _other_targets(seen: _Epochs) -> tuple[int, int] | None:
    """Return how many rows have the same inputs as before, and how many of them other targets."""
    pairs = []
    for batches in (seen.before, seen.after):
        x, y = ([key for one in batches for key in rows_in(one, part)] for part in "xy")
        once = Counter(x)
        pairs.append({a: b for a, b in zip(x, y, strict=False) if once[a] == 1})
    same = pairs[0].keys() & pairs[1].keys()
    wrong = sum(pairs[0][key] != pairs[1][key] for key in same)
    few = 5 * len(same) < len(pairs[0]) or 5 * wrong < len(same)
    return None if few or not wrong else (len(same), wrong)


def _of_rows(feed: Feed, seen: _Epochs, often: str) -> tuple | None:
    if not seen.after:
        return None
    before, after = min((_keys(seen, cuts) for cuts in _cuts(seen)), key=_unlike)
    held, shown = Counter(before), Counter(after)
    twice = sum((shown - held)[key] for key in held)
    new = sum((shown - held).values()) - twice
    lost = sum((held - shown).values())
    other = 4 * (new + twice) >= len(after) or not _sizes(seen.before) & _sizes(seen.after)
    if other and (words := _counted(seen, feed.source, often)):
        return words
    if len(held) < 0.9 * len(before) or 2 * new >= len(after):
        return None  # rows that are alike cannot be told apart, nor rows that are made anew
    if feed.complete and lost and (twice or (not new and len(after) < len(before))):
        return (
            f"on_epoch_end loses rows; {often}",
            f"of {len(before)} rows {twice} are shown twice and {lost} not at all after one call",
            "Reorder all rows: a permutation, such as rng.permutation(n).",
        )
    if feed.name == "predict" and not new and not lost and before != after:
        moved = sum(a != b for a, b in zip(before, after, strict=True))
        return (
            "on_epoch_end reorders the rows to predict, so the next `predict` answers in another "
            "order",
            f"{moved} of {len(before)} rows have another place after one call",
            "Predict with a dataset that does not shuffle.",
        )
    return None


def _counted(seen: _Epochs, source: Any, often: str) -> tuple | None:
    """Say so if an epoch has other rows that come of the number of calls, not of chance."""
    targets = min((_keys(seen, cuts, "y") for cuts in _cuts(seen)), key=_unlike)
    if _sizes(seen.before) & _sizes(seen.after) and not _unlike(targets):
        return None  # augmentation
    reset = generators_of(source)
    with source_kept(source), contextlib.redirect_stdout(io.StringIO()):
        disturb(source)
        with large_arrays_locked(source):
            source.on_epoch_end()
        other = ask(source, seen.after[0].index)
    reset()
    if not is_same(seen.after[0], other):
        return None  # drawn at random
    return (
        f"what an epoch shows depends on how often on_epoch_end was called; {often}",
        f"with other random numbers it is the same; batch {other.index} is "
        f"{_shapes(seen.before[0])} before and {_shapes(seen.after[0])} after one call",
        "Count epochs in a callback's on_epoch_begin, which Keras calls once an epoch.",
    )


def _shapes(batch: Looked) -> dict[str, tuple]:
    return {place: np.shape(leaf) for place, leaf in arrays_of(batch).items()}


def _sizes(batches: list[Looked]) -> set[str]:
    """Return the shapes of rows."""
    return {str({place: s[1:] for place, s in _shapes(batch).items()}) for batch in batches}


def _keys(
    seen: _Epochs, cuts: dict[str, slice], parts: str = "xy"
) -> tuple[list[bytes], list[bytes]]:
    """Return a key for each row, before and after."""
    before, after = (
        [key for batch in batches for key in rows_in(batch, parts, cuts)]
        for batches in (seen.before, seen.after)
    )
    return before, after


def _unlike(keys: tuple[list[bytes], list[bytes]]) -> int:
    """Count the rows of the second list that are not in the first, or less often."""
    before, after = keys
    return sum((Counter(after) - Counter(before)).values())


def _cuts(seen: _Epochs) -> list[dict[str, slice]]:
    """Return the steps by which rows are told apart where batches are padded to several lengths.

    That are as many as the shortest batch has, from the beginning and from the end.
    """
    sizes: dict[str, set[int]] = {}
    for batch in (*seen.before, *seen.after):
        for place, shape in _shapes(batch).items():
            if len(shape) > 1:
                sizes.setdefault(place, set()).add(shape[1])
    least = {place: min(found) for place, found in sizes.items() if len(found) > 1}
    begins = {place: slice(size) for place, size in least.items()}
    ends = {place: slice(-size if size else 0, None) for place, size in least.items()}
    return [begins, ends]


class _Shuffled(keras.utils.PyDataset):
    def __init__(self, replace: bool):
        super().__init__()
        self.replace, self.rng, self.order = replace, np.random.default_rng(0), np.arange(24)
        self.x = np.arange(24, dtype="float32")[:, None]

    def __len__(self) -> int:
        return 3

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[8 * i : 8 * i + 8]
        return self.x[rows], 2 * self.x[rows]

    def on_epoch_end(self) -> None:
        self.order = self.rng.choice(self.order, 24, replace=self.replace)


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Draw with replacement from what the last epoch has left."""
    return {"model": _model(), "data": _Shuffled(replace=True)}


def mended() -> dict:
    """Draw without replacement, which reorders the rows."""
    return {"model": _model(), "data": _Shuffled(replace=False)}
