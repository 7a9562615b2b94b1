"""What ``fit`` takes, looked at: its first batches and its last, as arrays of NumPy.

A feed is read once, before any rule runs. A generator object is not drawn from, since what is
drawn is gone for the training.
"""

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from helpers.arguments import shown
from helpers.auditing.kept import attributes_kept, generators_kept
from helpers.batching import PackedPlan, Plan
from helpers.feeding import PlannedDataset
from helpers.raised import first_line

_SHUFFLES = {  # operations of TensorFlow, and what they are without a generator from outside
    "ShuffleDatasetV3": "ShuffleDataset",
    "ShuffleAndRepeatDatasetV2": "ShuffleAndRepeatDataset",
}
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
        said: Sentences on how it was looked at, where that is not as ``fit`` does.
    """

    name: str
    kind: str
    source: Any
    count: int | None = None
    looked: tuple[Looked, ...] = ()
    complete: bool = False
    problem: str = ""
    rows: int | None = None
    said: tuple[str, ...] = ()

    def __str__(self) -> str:
        batches = "an unknown number of batches" if self.count is None else f"{self.count} batches"
        return f"{self.kind}, {batches}, {len(self.looked)} looked at"


def feed(name: str, data: Any, fit: dict, most: int, inputs: int | None = None) -> Feed:
    """Look at what ``fit`` takes.

    Args:
        name: The argument, for errors and findings.
        data: Arrays ``x``, ``(x, y)`` or ``(x, y, sample_weight)`` or structures of arrays; a
            PyDataset; a ``tf.data.Dataset``; a PyTorch DataLoader; a generator; a function without
            arguments that returns one of these; or ``(plan, x, y)`` with a plan of
            `helpers.batching`.
        fit: Keyword arguments of ``fit``, of which the sizes of batches, ``validation_split`` and
            ``sample_weight`` count.
        most: How many batches to look at.
        inputs: How many inputs the model has, or None if that is unknown.

    Returns:
        The feed.

    Raises:
        TypeError: ``data`` is none of these.
        ValueError: A list holds rows where it should hold one array for each input.
    """
    if isinstance(data, tuple) and data and isinstance(data[0], Plan | PackedPlan):
        return _py_dataset(name, PlannedDataset(*data), most)
    if isinstance(data, keras.utils.PyDataset):
        return _py_dataset(name, data, most)
    if _is_from(data, "tensorflow") and hasattr(data, "element_spec") and hasattr(data, "take"):
        return _tf_data(name, data, most)
    if _is_from(data, "torch") and hasattr(data, "dataset") and hasattr(data, "batch_size"):
        with generators_kept(data):
            return _stream(name, "DataLoader", data, data, _count(data), most)
    if inspect.isgenerator(data) or (isinstance(data, Iterator) and not hasattr(data, "shape")):
        return Feed(name, "generator", data)
    if callable(data) and not isinstance(data, keras.Layer):
        return _factory(name, data, fit, most, inputs)
    return _arrays(name, data, fit, most, inputs)


def held_out(data: Feed, fit: dict, most: int) -> Feed | None:
    """Look at the rows of arrays that ``validation_split`` holds out, if it does."""
    if data.kind != "arrays" or not fit.get("validation_split"):
        return None
    whole, rows = _whole("data", data.source, fit), data.rows or 0
    kept = _kept(rows, fit)
    return _in_batches("validation", data.source, whole, range(kept, rows), fit, most)


def _is_from(data: Any, package: str) -> bool:
    return any(cls.__module__.split(".")[0] == package for cls in type(data).__mro__)


def _count(loader: Any) -> int | None:
    try:
        return len(loader)
    except TypeError:  # of a stream
        return None


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
    return _stream(name, "tf.data", data, _apart(data), None if count < 0 else count, most)


def _apart(dataset: Any) -> Any:
    """Return a dataset whose shuffles have seed generators of their own.

    Each epoch draws from the generator of a ``shuffle``; what the audit drew would be missing in
    ``fit``. A dataset that TensorFlow cannot write down is returned as it is.
    """
    tf = sys.modules["tensorflow"]
    try:
        variant = tf.data.experimental.to_variant(dataset)
        ignore = 1  # that functions hold state: the copy stays in this process
        written = tf.raw_ops.DatasetToGraphV2(input_dataset=variant, external_state_policy=ignore)
        graph = tf.compat.v1.GraphDef.FromString(written.numpy())
        shuffles = [node for node in graph.node if node.op in _SHUFFLES]
        if not shuffles:
            return dataset
        for node in shuffles:
            node.op = _SHUFFLES[node.op]
            del node.input[-1]  # the generator
        copied = tf.raw_ops.DatasetFromGraph(graph_def=graph.SerializeToString())
        return tf.data.experimental.from_variant(copied, dataset.element_spec)
    except Exception:  # of more than 2 GB, or with what has no place in a graph
        return dataset


def _factory(name: str, data: Callable, fit: dict, most: int, inputs: int | None) -> Feed:
    made = data()
    if not (inspect.isgenerator(made) or isinstance(made, Iterator)):
        return feed(name, made, fit, most, inputs)
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


def _arrays(name: str, data: Any, fit: dict, most: int, inputs: int | None) -> Feed:
    whole = _whole(name, data, fit)
    _refuse_rows(name, whole.x, inputs)
    if not whole.rows:
        raise TypeError(
            f"{name}: expected what fit takes, such as arrays (x, y), a PyDataset or a "
            f"tf.data.Dataset, with at least one row; got {shown(data)}"
        )
    rows = range(_kept(whole.rows, fit) if name == "data" else whole.rows)
    return _in_batches(name, data, whole, rows, fit, most)


def _whole(name: str, data: Any, fit: dict) -> Looked:
    """Return all of the arrays, as if they were one batch; sparse ones stay sparse."""
    x, y, weight = data if isinstance(data, tuple) and len(data) == 3 else (data, None, None)
    if isinstance(data, tuple) and len(data) == 2:
        x, y = data
    if name == "data" and weight is None:
        weight = fit.get("sample_weight")
    return Looked(0, *(_as_numpy(part, sparse=True) for part in (x, y, weight)))


def _kept(rows: int, fit: dict) -> int:
    """Return how many rows ``validation_split`` leaves to the training, as Keras rounds."""
    return math.floor(rows * (1 - (fit.get("validation_split") or 0)))


def _in_batches(name: str, data: Any, whole: Looked, rows: range, fit: dict, most: int) -> Feed:
    size = fit.get("batch_size") or 32
    if name == "validation":
        size = fit.get("validation_batch_size") or size
    count = -(-len(rows) // size)
    first = list(range(min(count, most)))
    indices = [*first[:-1], count - 1] if count > most else first

    def cut(part: Any, i: int) -> Any:
        here = slice(rows.start + i * size, rows.start + min((i + 1) * size, len(rows)))
        some = keras.tree.map_structure(lambda leaf: leaf[here] if _has_rows(leaf) else leaf, part)
        return _as_numpy(some)

    parts = (whole.x, whole.y, whole.weight)
    looked = tuple(Looked(i, *(cut(part, i) for part in parts)) for i in indices)
    sparse = any(hasattr(leaf, "tocsr") for part in parts for leaf in keras.tree.flatten(part))
    said = (f"{name} holds a sparse matrix of SciPy; its batches were looked at dense",)
    complete = len(looked) == count
    every = whole.rows if name == "data" else len(rows)
    return Feed(name, "arrays", data, count, looked, complete, "", every, said if sparse else ())


def _refuse_rows(name: str, x: Any, inputs: int | None) -> None:
    """Raise if a list holds one array for each row, and not one for each input."""
    if not isinstance(x, list | tuple) or len(x) < 2 or len(x) == inputs:
        return
    if any(isinstance(one, list | tuple | dict) or not _has_rows(one) for one in x):
        return
    sizes = sorted({one.shape[0] for one in x})
    if inputs is None and len(sizes) == 1:
        return
    lengths = f"of {sizes[0]}" if len(sizes) == 1 else f"of {sizes[0]} to {sizes[-1]}"
    wanted = "each input" if inputs is None else f"each of the {inputs} inputs of the model"
    way = "give np.stack(rows)" if len({one.shape for one in x}) == 1 else "pad them to one array"
    raise ValueError(
        f"{name}: expected one array for {wanted}, got a list of {len(x)} arrays {lengths} steps; "
        f"if they are rows, {way}, or give (plan, rows, y) with a plan of helpers.batching"
    )


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


def _as_numpy(part: Any, sparse: bool = False) -> Any:
    """Return tensors as arrays; what has no values of its own kind stays as it is."""
    if part is None:
        return None
    return keras.tree.map_structure(partial(_leaf, sparse=sparse), part)


def _leaf(leaf: Any, sparse: bool) -> Any:
    if isinstance(leaf, np.ndarray) or leaf is None:
        return leaf
    if hasattr(leaf, "to_tensor") or hasattr(leaf, "dense_shape"):  # ragged and sparse tensors
        return leaf
    if hasattr(leaf, "tocsr"):  # of SciPy, as an array: TensorFlow takes no other by call
        return leaf.tocsr() if sparse else leaf.toarray()
    if hasattr(leaf, "detach"):
        leaf = leaf.detach().cpu()
    return np.asarray(leaf)
