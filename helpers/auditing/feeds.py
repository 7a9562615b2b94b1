"""What ``fit`` takes, looked at: its first batches and its last, as arrays of NumPy.

A feed is read once, before any rule runs. A generator object is not drawn from, since what is
drawn is gone for the training.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from helpers.arguments import integer, number, shown
from helpers.auditing.kept import attributes_kept
from helpers.batching import PackedPlan, Plan
from helpers.feeding import PlannedDataset
from helpers.raised import first_line

KINDS = ("arrays", "PyDataset", "tf.data", "DataLoader", "factory", "generator")


@dataclass(frozen=True)
class Looked:
    """One batch that was looked at.

    Attributes:
        index: Its number in the epoch, from 0.
        x: Inputs, arrays ``(batch, ...)`` in their structure.
        y: Targets, in their structure, or None.
        weight: Sample weights, in their structure, or None.
    """

    index: int
    x: Any
    y: Any = None
    weight: Any = None

    @property
    def rows(self) -> int | None:
        """How many rows the first input has; None if it has no axis of rows."""
        leaves = [leaf for leaf in keras.tree.flatten(self.x) if _has_rows(leaf)]
        return int(leaves[0].shape[0]) if leaves else None


@dataclass(frozen=True)
class Feed:
    """One thing that ``fit``, ``evaluate`` or ``predict`` is given.

    Attributes:
        name: The argument of the audit: data, validation, predict or evaluate.
        kind: One of `KINDS`.
        source: What was given.
        count: Batches in an epoch, as Keras sees it; None if Keras cannot know.
        looked: The batches that were looked at.
        complete: Whether these are all of an epoch.
        problem: What was raised while a batch was made, or ``""``.
        rows: Of arrays how many rows they have, with what ``validation_split`` holds out.
    """

    name: str
    kind: str
    source: Any
    count: int | None = None
    looked: tuple[Looked, ...] = ()
    complete: bool = False
    problem: str = ""
    rows: int | None = None

    def __str__(self) -> str:
        batches = "an unknown number of batches" if self.count is None else f"{self.count} batches"
        return f"{self.kind}, {batches}, {len(self.looked)} looked at"


def feed(name: str, data: Any, fit: dict, most: int) -> Feed:
    """Look at what ``fit`` takes.

    Args:
        name: The argument, for errors and findings.
        data: Arrays ``x``, ``(x, y)`` or ``(x, y, sample_weight)`` or structures of arrays; a
            PyDataset; a ``tf.data.Dataset``; a PyTorch DataLoader; a generator; a function without
            arguments that returns one of these; or ``(plan, x, y)`` with a plan of
            `helpers.batching`.
        fit: Keyword arguments of ``fit``, of which ``batch_size`` and ``validation_split`` count.
        most: How many batches to look at.

    Returns:
        The feed.

    Raises:
        TypeError: ``data`` is none of these.
    """
    if isinstance(data, tuple) and data and isinstance(data[0], Plan | PackedPlan):
        return _py_dataset(name, PlannedDataset(*data), most)
    if isinstance(data, keras.utils.PyDataset):
        return _py_dataset(name, data, most)
    if _is_from(data, "tensorflow") and hasattr(data, "element_spec") and hasattr(data, "take"):
        return _tf_data(name, data, most)
    if _is_from(data, "torch") and hasattr(data, "dataset") and hasattr(data, "batch_size"):
        return _stream(name, "DataLoader", data, data, len(data), most)
    if inspect.isgenerator(data) or (isinstance(data, Iterator) and not hasattr(data, "shape")):
        return Feed(name, "generator", data)
    if callable(data) and not isinstance(data, keras.Layer):
        return _factory(name, data, fit, most)
    return _arrays(name, data, fit, most)


def _is_from(data: Any, package: str) -> bool:
    return any(cls.__module__.split(".")[0] == package for cls in type(data).__mro__)


def _py_dataset(name: str, data: keras.utils.PyDataset, most: int) -> Feed:
    count = data.num_batches
    if count is None or count == float("inf"):
        count, indices = None, range(most)
    else:
        first = list(range(min(count, most)))
        indices = [*first[:-1], count - 1] if count > most else first
    with attributes_kept(data):
        looked, problem = _looked((i, partial(data.__getitem__, i)) for i in indices)
    complete = count is not None and len(looked) == count
    return Feed(name, "PyDataset", data, count, looked, complete, problem)


def _tf_data(name: str, data: Any, most: int) -> Feed:
    count = int(data.cardinality())
    return _stream(name, "tf.data", data, data, None if count < 0 else count, most)


def _factory(name: str, data: Callable, fit: dict, most: int) -> Feed:
    made = data()
    if not (inspect.isgenerator(made) or isinstance(made, Iterator)):
        return feed(name, made, fit, most)
    return _stream(name, "factory", data, made, None, most)


def _stream(
    name: str, kind: str, source: Any, data: Iterable, count: int | None, most: int
) -> Feed:
    batches = iter(data)
    looked, problem = _looked((i, lambda: next(batches)) for i in range(most))
    complete = not problem and len(looked) < most
    if not problem and not complete and count is not None:
        complete = count == most
    return Feed(name, kind, source, count, looked, complete, problem)


def _arrays(name: str, data: Any, fit: dict, most: int) -> Feed:
    x, y, weight = data if isinstance(data, tuple) and len(data) == 3 else (data, None, None)
    if isinstance(data, tuple) and len(data) == 2:
        x, y = data
    whole = Looked(0, *(_as_numpy(part) for part in (x, y, weight)))
    if not whole.rows:
        raise TypeError(
            f"{name}: expected what fit takes, such as arrays (x, y), a PyDataset or a "
            f"tf.data.Dataset, with at least one row; got {shown(data)}"
        )
    split = number("fit['validation_split']", fit.get("validation_split") or 0)
    if not 0 <= split < 1:
        raise ValueError(f"fit['validation_split']: expected from 0 to below 1, got {split:g}")
    n = whole.rows - (int(whole.rows * split) if name == "data" else 0)
    size = fit.get("batch_size")
    size = 32 if size is None else integer("fit['batch_size']", size, minimum=1)
    count = -(-n // size)
    first = list(range(min(count, most)))
    indices = [*first[:-1], count - 1] if count > most else first

    def cut(part: Any, i: int) -> Any:
        rows = slice(i * size, min((i + 1) * size, n))
        return keras.tree.map_structure(lambda leaf: leaf[rows] if _has_rows(leaf) else leaf, part)

    parts = (whole.x, whole.y, whole.weight)
    looked = tuple(
        Looked(i, *(None if part is None else cut(part, i) for part in parts)) for i in indices
    )
    return Feed(name, "arrays", data, count, looked, len(looked) == count, rows=whole.rows)


def _looked(batches: Iterable[tuple[int, Callable[[], Any]]]) -> tuple[tuple[Looked, ...], str]:
    """Fetch batches until one raises; return them, and what was raised."""
    looked: list[Looked] = []
    for i, fetch in batches:
        try:
            batch = fetch()
            parts = keras.utils.unpack_x_y_sample_weight(batch)
            looked.append(Looked(i, *map(_as_numpy, parts)))
        except StopIteration:
            break
        except Exception as error:
            return tuple(looked), f"batch {i} raises {type(error).__name__}: {first_line(error)}"
    return tuple(looked), ""


def _has_rows(leaf: Any) -> bool:
    return len(getattr(leaf, "shape", ())) > 0


def _as_numpy(part: Any) -> Any:
    """Return tensors as arrays; what has no values of its own kind stays as it is."""
    return None if part is None else keras.tree.map_structure(_leaf, part)


def _leaf(leaf: Any) -> Any:
    if isinstance(leaf, np.ndarray) or leaf is None:
        return leaf
    if hasattr(leaf, "to_tensor") or hasattr(leaf, "dense_shape"):  # ragged and sparse tensors
        return leaf
    if hasattr(leaf, "tocsr"):  # of SciPy, as an array: TensorFlow takes no other by call
        return leaf.toarray()
    if hasattr(leaf, "detach"):
        leaf = leaf.detach().cpu()
    return np.asarray(leaf)
