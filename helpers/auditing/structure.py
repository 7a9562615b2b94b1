"""What rules about the structure of the data share: every feed in turn, and its arrays by place."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.rule import Found, Undecided
from helpers.auditing.subject import Subject


def in_each_feed(
    subject: Subject, find: Callable[[Feed], Iterable[Found]], kinds: Iterable[str] = ()
) -> list[Found]:
    """Return what ``find`` yields for each feed; say why if it has nothing and a feed is unread.

    A feed that raises at some batch is searched up to there: a fault before it is a fault.

    Args:
        subject: What the rule looks at.
        find: Takes a feed with at least one batch.
        kinds: Of which feeds only; none: of all.

    Raises:
        Undecided: Nothing was found, and a feed could not be read, or not to its end.
    """
    found: list[Found] = []
    unread: list[Undecided] = []
    for feed in subject.feeds.values():
        if kinds and feed.kind not in kinds:
            continue
        if feed.looked:
            found += find(feed)
        try:
            subject.read(feed)
        except Undecided as reason:
            unread.append(reason)
    if unread and not found:
        raise unread[0]
    return found


def arrays_of(batch: Looked) -> dict[str, Any]:
    """Return what a batch holds by its place, such as ``x['ids']``, ``y`` or ``sample_weight``."""
    arrays = {}
    for name, part in (("x", batch.x), ("y", batch.y), ("sample_weight", batch.weight)):
        if part is not None:
            for path, leaf in keras.tree.flatten_with_path(part):
                if leaf is not None:
                    arrays[name + "".join(f"[{key!r}]" for key in path)] = leaf
    return arrays


def whole(feed: Feed) -> Looked:
    """Return all rows of arrays as one batch, since what Keras cuts into batches hides a part."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(feed.source)
    return Looked(0, *(None if part is None else _plain(part) for part in (x, y, weight)))


def rows_of(batch: Looked, first: int, last: int) -> Looked:
    """Return some rows of a batch, the same of each array."""

    def cut(part: Any) -> Any:
        return keras.tree.map_structure(
            lambda leaf: leaf[first:last] if len(getattr(leaf, "shape", ())) else leaf, part
        )

    parts = (batch.x, batch.y, batch.weight)
    return Looked(batch.index, *(None if part is None else cut(part) for part in parts))


def _plain(part: Any) -> Any:
    def leaf(array: Any) -> Any:
        if array is None or isinstance(array, np.ndarray) or hasattr(array, "tocsr"):
            return array
        return np.asarray(array.detach().cpu() if hasattr(array, "detach") else array)

    return keras.tree.map_structure(leaf, part)


def is_empty(batch: Looked) -> bool:
    """Whether a batch has no rows."""
    return batch.rows == 0 or not keras.tree.flatten(batch.x)
