"""A PyDataset that is asked again for batches, and stays as it was."""

import contextlib
import copy
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.kept import attributes_kept
from helpers.auditing.structure import arrays_of
from helpers.feeding import PackedDataset, PlannedDataset

MOST_BYTES = 1 << 23  # of an array that `attributes_kept` puts back
_FEW = 100  # arrays of a list that are put back
_MOST = 4096  # numbers of a row that are compared


def is_ours(feed: Feed) -> bool:
    """Whether a feed makes its batches of a plan of this package: tests hold what it answers."""
    ours = (PlannedDataset.__getitem__, PackedDataset.__getitem__)
    return getattr(type(feed.source), "__getitem__", None) in ours


def ask(source: keras.utils.PyDataset, index: int) -> Looked:
    """Return batch ``index`` as a feed shows it, in arrays that are copies."""
    parts = keras.utils.unpack_x_y_sample_weight(source[index])

    def plain(leaf: Any) -> Any:
        if hasattr(leaf, "to_tensor") or hasattr(leaf, "dense_shape"):
            return leaf
        if hasattr(leaf, "tocsr"):
            return leaf.toarray()
        return np.array(leaf.detach().cpu() if hasattr(leaf, "detach") else leaf)

    def whole(part: Any) -> Any:
        if part is None:
            return None
        return keras.tree.map_structure(lambda leaf: None if leaf is None else plain(leaf), part)

    return Looked(index, *map(whole, parts))


@contextlib.contextmanager
def source_kept(source: Any) -> Iterator[None]:
    """Put back attributes of a dataset, what its lists hold, and where its iterators stand.

    Arrays above `MOST_BYTES` and many arrays in a list stay as they are made.
    """
    held: list[tuple[Any, Any]] = []
    arrays: list[tuple[np.ndarray, np.ndarray]] = []
    iterators: dict[str, Any] = {}
    try:
        with attributes_kept(source):
            for name, value in list(vars(source).items()):
                if isinstance(value, list | dict | set | deque):
                    held.append((value, copy.copy(value)))
                elif _is_plain_iterator(value):
                    vars(source)[name], iterators[name] = itertools.tee(value)
            arrays = [(array, array.copy()) for array in _nested(source)]
            yield
    finally:
        for array, copied in arrays:
            array[...] = copied
        vars(source).update(iterators)
        for value, before in held:
            value.clear()
            (value.extend if isinstance(value, list | deque) else value.update)(before)


def arrays_in(source: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the arrays that a dataset holds, with copies of them; large ones are left out."""
    own = [v for v in vars(source).values() if isinstance(v, np.ndarray)]
    small = [array for array in own if array.nbytes <= MOST_BYTES]
    return [(array, array.copy()) for array in (*small, *_nested(source))]


def _nested(source: Any) -> list[np.ndarray]:
    """Return small arrays in lists, tuples and dicts of a dataset, as long as these are few."""
    found = []
    for value in vars(source).values():
        items = list(value.values()) if isinstance(value, dict) else value
        if isinstance(items, list | tuple) and len(items) <= _FEW:
            found += [a for a in items if isinstance(a, np.ndarray) and a.flags.writeable]
    return [array for array in found if array.nbytes <= MOST_BYTES]


def _is_plain_iterator(value: Any) -> bool:
    home = type(value).__module__
    return hasattr(value, "__next__") and home in ("builtins", "itertools")


def generators_of(source: Any) -> Callable[[], None]:
    """Return a function that puts the random generators back to where they stand now.

    They are those of Python and NumPy and those that the dataset holds.
    """
    python, numpy = random.getstate(), np.random.get_state()
    own: list[tuple[Any, Any]] = []
    for value in vars(source).values():
        if isinstance(value, np.random.Generator):
            own.append((value, copy.deepcopy(value.bit_generator.state)))
        elif isinstance(value, np.random.RandomState):
            own.append((value, value.get_state()))
        elif isinstance(value, random.Random):
            own.append((value, value.getstate()))

    def reset() -> None:
        random.setstate(python)
        np.random.set_state(numpy)
        for value, state in own:
            if isinstance(value, np.random.Generator):
                value.bit_generator.state = state
            elif isinstance(value, np.random.RandomState):
                value.set_state(state)
            else:
                value.setstate(state)

    return reset


def disturb(source: Any) -> None:
    """Draw a number from each random generator, so that the next ones are others."""
    random.random()
    np.random.random()
    for value in vars(source).values():
        if isinstance(value, np.random.Generator | np.random.RandomState | random.Random):
            value.random()


@contextlib.contextmanager
def large_arrays_locked(source: Any) -> Iterator[None]:
    """Let what changes a large array of a dataset in place raise, since it would stay changed."""
    locked = [
        value
        for value in vars(source).values()
        if isinstance(value, np.ndarray) and value.nbytes > MOST_BYTES and value.flags.writeable
    ]
    for array in locked:
        array.flags.writeable = False
    try:
        yield
    finally:
        for array in locked:
            array.flags.writeable = True


def is_same(one: Looked, other: Looked) -> bool:
    """Whether two batches hold the same numbers in the same places."""
    before, now = arrays_of(one), arrays_of(other)
    return before.keys() == now.keys() and all(
        is_equal(before[place], now[place]) for place in before
    )


def rows_in(
    batch: Looked, parts: str = "xy", cuts: Mapping[str, slice] = MappingProxyType({})
) -> list[bytes]:
    """Return a key for each row of a batch: the same for the same numbers.

    Args:
        batch: The batch.
        parts: Of what: ``"x"``, ``"y"`` or both.
        cuts: Of arrays at these places only these steps of a row are compared.
    """
    leaves = [
        array[:, cuts[place]] if place in cuts else array
        for place, array in arrays_of(batch).items()
        if place[0] in parts and isinstance(array, np.ndarray) and array.ndim
    ]
    keys = []
    for row in range(min(map(len, leaves), default=0)):
        flat = [leaf[row].ravel() for leaf in leaves]
        keys.append(b"|".join(one[:: 1 + one.size // _MOST].tobytes() for one in flat))
    return keys


def is_equal(one: Any, other: Any) -> bool:
    """Whether two arrays are the same, NaN as well."""
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return type(one) is type(other)
    numbers = one.dtype.kind in "fc" and other.dtype.kind in "fc"
    return np.array_equal(one, other, equal_nan=numbers)
