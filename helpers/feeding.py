"""Plans and rows to what ``fit``, ``evaluate`` and ``predict`` take: two forms, the same batches.

`PlannedDataset` is a ``keras.utils.PyDataset`` and works on every backend of Keras; `tf_dataset`
is a ``tf.data.Dataset``. Batches of varying length under TensorFlow need the second one (or a fixed
``length=``): Keras reads the shapes of a PyDataset off its first two batches and refuses a
later batch whose length differs, if these two happen to agree.

If the plan knows how long its rows are, a list of just these rows is padded as the plan says: to
the batch's boundary with a plan of `helpers.batching.bucketed`, and on two axes if the plan's
lengths are heights and widths.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from helpers.batching import Plan
from helpers.padding import as_rows, check_options, fill_value, pad

if TYPE_CHECKING:
    import tensorflow as tf


class PlannedDataset(keras.utils.PyDataset):
    """The batches of a plan, for ``model.fit``, ``evaluate`` and ``predict``.

    A batch is ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``. The weight, float32 ``(batch,)``,
    is there in every batch if the plan has padding slots or ``sample_weight`` is given, and in none
    otherwise. Without ``y`` there is no weight: ``predict`` also returns the padding slots, and
    ``plan.restore`` takes them out.

    **Pass** ``shuffle=False`` **to** ``fit``. Its default, True, shows the batches of a PyDataset
    in an order of Keras's own, drawn from Python's ``random``. Each batch still holds the plan's
    rows, but a smaller last batch can come anywhere.

    **Epochs.** Each pass over the dataset shows the next epoch of the plan: ``fit(epochs=3)`` shows
    ``plan.epoch(0)``, ``epoch(1)`` and ``epoch(2)``, and a second ``fit`` goes on with
    ``epoch(3)``. The attribute ``epoch`` is the number of the epoch that the next pass shows; set
    it to start elsewhere. The calls of ``on_epoch_end`` that Keras makes beyond one an epoch change
    nothing. ``evaluate`` and ``predict`` are passes too. So with a shuffled plan, evaluate and
    predict with a second dataset on an unshuffled plan (the rows are not copied), and never use one
    dataset inside its own epoch. Leave ``steps_per_epoch`` alone: a shuffled pass that is cut short
    has no defined rows; ``tf_dataset(...).repeat()`` is right for that. On JAX with ``workers``
    above 1, the first ``fit`` of a model not yet built can start at ``epoch(1)``: build it before.

    Args:
        plan: Which rows share a batch.
        x: Inputs. A list is a list of ``n`` rows, arrays ``(time, ...)``, padded per batch. If
            every row has the length that the plan has for it, the list follows the plan: a batch
            is padded to ``plan.padded_lengths``, and where ``plan.lengths`` has heights and
            widths the rows are images ``(height, width)`` or ``(height, width, channels)``, padded
            on both axes. Any other list (labels, say), and every list if the plan has no lengths,
            is padded along its first axis to its batch's own longest row. A list of ``n`` scalars
            is an array ``(n,)``. An array holds rows along axis 0 and is never padded. A tuple or
            a dict is a structure of such inputs.
        y: Targets in the same forms, or None. Targets given as a list of rows are padded like
            ``x``, with the same ``length``, ``side`` and ``value``; pass an array (``np.stack``)
            for targets that have no time axis.
        sample_weight: ``(n,)`` numbers, or None. A padding slot's weight stays 0.
        length: Timesteps of every padded batch, of every list, whatever the plan says; None for
            the plan's or the batch's own. If the plan has heights and widths, an integer is meant
            for both, and a pair (height, width), each an integer or None, is for the images alone.
        side: ``"post"`` pads behind the row, ``"pre"`` before it, which images cannot be.
        value: What the padding holds.
        workers: Threads or processes that make batches; 1 makes them in the main thread.
        use_multiprocessing: Processes instead of threads. They are forked from a process in which
            the backend runs threads, which can hang; try ``workers`` alone first.
        max_queue_size: Batches that workers make ahead.

    Raises:
        TypeError: An argument of the wrong type, or rows that are not numeric.
        ValueError: The number of rows differs from ``plan.n``, a row is longer than ``length``,
            images differ in both axes and not as the plan's lengths do, or another bad value; the
            message names the argument.

    Example:
        >>> from helpers.batching import fixed
        >>> x, y = np.zeros((105, 4), "float32"), np.zeros(105, "int64")
        >>> [batch[0].shape for batch in PlannedDataset(fixed(105, 32), x, y)]
        [(32, 4), (32, 4), (32, 4), (9, 4)]
        >>> from helpers.batching import bucketed
        >>> sizes = [(28, 30), (20, 90), (28, 84)]
        >>> plan = bucketed(sizes, 2, [(28, 32), (28, 96)])
        >>> images = [np.ones((height, width, 1), "uint8") for height, width in sizes]
        >>> [batch[0].shape for batch in PlannedDataset(plan, images)]
        [(1, 28, 32, 1), (2, 28, 96, 1)]
    """

    def __init__(
        self,
        plan: Plan,
        x: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        length: int | tuple[int | None, int | None] | None = None,
        side: str = "post",
        value: float = 0,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ):
        super().__init__(
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            max_queue_size=max_queue_size,
        )
        self._feed = _feed(plan, x, y, sample_weight, length, side, value)
        self.plan = plan
        self.epoch = 0
        self._begun = False
        self._fetched = 0

    @property
    def epoch(self) -> int:
        """Number of the plan's epoch that the next pass shows; set it to start elsewhere."""
        return self._epoch

    @epoch.setter
    def epoch(self, k: int) -> None:
        self._current = self.plan.epoch(k)
        self._epoch = int(k)

    @property
    def current(self) -> Plan:
        """The plan of the epoch that is being shown, or between passes of the next one."""
        return self._current

    def __len__(self) -> int:
        return len(self._current)

    def __getitem__(self, index: int) -> tuple:
        # The batch depends on nothing that changes within an epoch: Keras fetches the first two
        # once more to see their shapes, and workers fetch in any order.
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of a dataset with {len(self)} batches")
        self._fetched += 1
        return self._feed.batch(self._current, index)

    def on_epoch_begin(self) -> None:
        """Note that a pass has begun. Called by Keras."""
        self._begun = True
        self._fetched = 0

    def on_epoch_end(self) -> None:
        """Go on to the plan's next epoch, if a pass had begun and is complete. Called by Keras.

        The order changes here and not at the beginning, because worker threads start to fetch
        before Keras calls ``on_epoch_begin``. On JAX and PyTorch, Keras begins a pass only to see
        one batch and build the model with it, and then ends it; counting the fetched batches tells
        that from an epoch. Workers fetch ahead, or in another process, so there it cannot tell.
        """
        counted = self.workers <= 1 and not self.use_multiprocessing
        if self._begun and (self._fetched >= len(self) or not counted):
            self.epoch += 1
        self._begun = False


def tf_dataset(
    plan: Plan,
    x: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    length: int | tuple[int | None, int | None] | None = None,
    side: str = "post",
    value: float = 0,
) -> "tf.data.Dataset":
    """Make the batches of a plan a ``tf.data.Dataset``: the same as `PlannedDataset`'s.

    Each iteration over the dataset is the next epoch of the plan: the first ``plan.epoch(0)``, the
    second ``plan.epoch(1)``, whoever iterates. Its cardinality is known. The batch axis is static
    if all batches of the plan have one size, and the time axis (height and width are seen one by
    one) if all rows have one length, the plan pads all batches to one boundary or ``length`` is
    given; otherwise they are None, so that lengths may vary freely. Batches are prefetched. Pass
    ``shuffle=False`` to ``fit``, or it warns that it ignores ``shuffle=True``.

    Args:
        plan: Which rows share a batch.
        x: Inputs, as in `PlannedDataset`.
        y: Targets, as in `PlannedDataset`, or None.
        sample_weight: ``(n,)`` numbers, or None.
        length: Timesteps of every padded batch, as in `PlannedDataset`, or None for the plan's or
            the batch's own longest row.
        side: ``"post"`` pads behind the row, ``"pre"`` before it.
        value: What the padding holds.

    Returns:
        A dataset of ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``.

    Raises:
        TypeError: As in `PlannedDataset`.
        ValueError: As in `PlannedDataset`.

    Example:
        >>> from helpers.batching import fixed
        >>> batches = tf_dataset(fixed(3, 2), [[1, 2], [3], [4, 5, 6]])
        >>> [batch[0].numpy().tolist() for batch in batches]
        [[[1, 2], [3, 0]], [[4, 5, 6]]]
    """
    import tensorflow as tf

    feed = _feed(plan, x, y, sample_weight, length, side, value)
    epochs = itertools.count()

    def batches() -> Iterator[tuple]:
        current = plan.epoch(next(epochs))
        return (feed.batch(current, i) for i in range(len(current)))

    sizes = set(plan.sizes.tolist())
    size = sizes.pop() if len(sizes) == 1 else None
    signature = feed.map(lambda leaf: tf.TensorSpec((size, *leaf.shape), leaf.dtype))
    if feed.weighted:
        signature += (tf.TensorSpec((size,), tf.float32),)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(plan))).prefetch(
        tf.data.AUTOTUNE
    )


@dataclass(frozen=True)
class _Leaf:
    """One input or target: `n` rows, and how a batch of them is made."""

    rows: np.ndarray | list[np.ndarray]
    shape: tuple[int | None, ...]  # of one row in a batch; None where it varies by batch
    dtype: np.dtype
    follows: bool = False  # whether the plan says how long a batch is
    wanted: tuple[int | None, ...] = ()  # lengths that the caller wants whatever the plan says
    options: dict = field(default_factory=dict)

    def take(self, plan: Plan, i: int) -> np.ndarray:
        if isinstance(self.rows, np.ndarray):
            return self.rows[plan[i]]
        length = self.wanted
        if self.follows:
            planned = np.atleast_1d(plan.padded_lengths[i]).tolist()
            # A planned 0 is the longest row's own; as an argument of `pad` it would be a mistake.
            length = [want or steps or None for want, steps in zip(length, planned, strict=True)]
        length = length[0] if len(length) == 1 else tuple(length)
        return pad([self.rows[row] for row in plan[i]], length, **self.options)[0]


@dataclass(frozen=True)
class _Feed:
    """What makes the batches of any epoch; holds no state, so that workers can share it."""

    parts: tuple  # (x,) or (x, y), with a `_Leaf` for each array
    sample_weight: np.ndarray | None
    weighted: bool

    def map(self, function: Callable[[_Leaf], Any]) -> tuple:
        return _map(lambda leaf, _: function(leaf), self.parts, "")

    def batch(self, plan: Plan, i: int) -> tuple:
        batch = self.map(lambda leaf: leaf.take(plan, i))
        if not self.weighted:
            return batch
        weights = plan.weights(i)
        return (
            *batch,
            weights if self.sample_weight is None else weights * self.sample_weight[plan[i]],
        )


def _feed(
    plan: Plan,
    x: Any,
    y: Any,
    sample_weight: Any,
    length: int | tuple | None,
    side: str,
    value: float,
) -> _Feed:
    if not isinstance(plan, Plan):
        raise TypeError(f"plan: expected a helpers.batching.Plan, got {type(plan).__name__}")
    if isinstance(length, tuple | list) and plan.axes == 1:
        raise TypeError(
            f"length: expected an integer or None, got {length!r}; a pair is for a plan whose "
            "lengths are heights and widths"
        )
    check_options(length, "post", plan.axes)
    check_options(None, side)
    if x is None:
        raise TypeError("x: expected rows, got None")

    def leaf(data: Any, path: str) -> _Leaf:
        return _leaf(data, path, plan, length, side, value)

    parts = (_map(leaf, x, "x"),) if y is None else (_map(leaf, x, "x"), _map(leaf, y, "y"))
    if sample_weight is not None:
        if y is None:
            raise ValueError("sample_weight: expected y too, got y=None")
        sample_weight = _weights(sample_weight, plan.n)
    weighted = y is not None and (plan.padded or sample_weight is not None)
    return _Feed(parts, sample_weight, weighted)


def _map(function: Callable[[Any, str], Any], data: Any, path: str) -> Any:
    """Apply ``function(leaf, path)`` to every leaf of nested tuples and dicts."""
    if isinstance(data, dict | tuple) and not data:
        raise ValueError(f"{path}: expected rows, got an empty {type(data).__name__}")
    if isinstance(data, dict):
        return {key: _map(function, item, f"{path}[{key!r}]") for key, item in data.items()}
    if isinstance(data, tuple):
        return tuple(_map(function, item, f"{path}[{i}]") for i, item in enumerate(data))
    return function(data, path)


def _leaf(
    data: Any, path: str, plan: Plan, length: int | tuple | None, side: str, value: float
) -> _Leaf:
    if isinstance(data, list) and data and all(map(_is_scalar, data)):
        # Scalars have no time axis; as one-step rows they are checked for a common dtype.
        data = np.concatenate(as_rows([[item] for item in data], path))
    if isinstance(data, list):
        return _list_leaf(data, path, plan, length, side, value)
    if not hasattr(data, "__array__"):
        raise TypeError(
            f"{path}: expected an array, a list of rows, or a tuple or dict of these, "
            f"got {type(data).__name__}"
        )
    array = np.asarray(data)
    if array.dtype == object:
        raise TypeError(f"{path}: expected numbers, got an object array; pass a list of rows")
    if array.ndim == 0:
        raise ValueError(f"{path}: expected rows along axis 0, got a scalar")
    _check_count(len(array), path, plan.n)
    return _Leaf(array, array.shape[1:], array.dtype)


def _list_leaf(
    data: list, path: str, plan: Plan, length: int | tuple | None, side: str, value: float
) -> _Leaf:
    follows = _follows(data, path, plan)
    axes = plan.axes if follows else 1
    rows = as_rows(data, path, axes)
    _check_count(len(rows), path, plan.n)
    if axes == 2 and side != "post":
        raise ValueError(
            f"side: expected 'post' for {path}, whose rows have two axes, got {side!r}"
        )
    if isinstance(length, tuple | list):  # a pair is for rows of two axes
        wanted = tuple(length) if axes == 2 else (None,)
    else:
        wanted = (length,) * axes
    sizes = np.array([row.shape[:axes] for row in rows], dtype=np.int64)  # (n, axes)
    _check_longest(sizes, wanted, path)
    # What a batch is padded to is the same in every batch of every epoch, or None.
    planned = plan.boundaries is not None and follows
    lengths = (plan.padded_lengths if planned else sizes).reshape(-1, axes)
    static = tuple(
        want or (int(axis[0]) if (axis == axis[0]).all() else None)
        for want, axis in zip(wanted, lengths.T, strict=True)
    )
    if any(steps is None or (steps != sizes[:, axis]).any() for axis, steps in enumerate(static)):
        fill_value(value, rows[0].dtype, f"value for {path}")
    else:
        value = rows[0].dtype.type(0)  # never used: there is nothing to pad
    options = {"axes": axes, "side": side, "value": value}
    shape = (*static, *rows[0].shape[axes:])
    return _Leaf(rows, shape, rows[0].dtype, follows, wanted, options)


def _follows(data: list, path: str, plan: Plan) -> bool:
    # Whether these are the rows whose lengths the plan knows.
    if plan.lengths is None:
        return False
    try:
        shapes = [np.shape(row) for row in data]
    except ValueError:  # a list of lists of different lengths; `as_rows` says it better
        return False
    if not shapes or min(map(len, shapes)) < plan.axes:
        return False
    sizes = np.array([shape[: plan.axes] for shape in shapes]).reshape(-1, plan.axes)
    lengths = plan.lengths.reshape(-1, plan.axes)
    if np.array_equal(sizes, lengths):
        return True
    if plan.axes == 2 and (sizes[:, 1] != sizes[0, 1]).any():  # no rows of one varying axis
        _check_count(len(sizes), path, plan.n)
        row = int(np.argmax((sizes != lengths).any(axis=1)))
        raise ValueError(
            f"{path}: expected images of the plan's heights and widths, got "
            f"{tuple(sizes[row].tolist())} for row {row}, which the plan has as "
            f"{tuple(lengths[row].tolist())}"
        )
    return False


def _check_longest(sizes: np.ndarray, wanted: tuple[int | None, ...], path: str) -> None:
    most = [np.iinfo(np.int64).max if want is None else want for want in wanted]
    over = (sizes > most).any(axis=1)
    if not over.any():
        return
    if len(wanted) == 1:
        row = int(sizes[:, 0].argmax())
        raise ValueError(
            f"{path}: row {row} has {sizes[row, 0]} timesteps, more than length={wanted[0]}"
        )
    row = int(over.argmax())
    raise ValueError(
        f"{path}: row {row} has height and width {tuple(sizes[row].tolist())}, more than "
        f"length={wanted}"
    )


def _is_scalar(item: Any) -> bool:
    return bool(np.isscalar(item)) or getattr(item, "ndim", None) == 0


def _check_count(count: int, path: str, n: int) -> None:
    if count != n:
        raise ValueError(f"{path}: expected the plan's {n} rows, got {count}")


def _weights(sample_weight: Any, n: int) -> np.ndarray:
    array = np.asarray(sample_weight)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"sample_weight: expected numbers, got dtype {array.dtype}")
    if array.shape != (n,):
        raise ValueError(f"sample_weight: expected shape ({n},), one per row, got {array.shape}")
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array)))
        raise ValueError(f"sample_weight: expected finite numbers, got {array[row]} for row {row}")
    return array.astype(np.float32)
