"""The batches of a plan as a ``tf.data.Dataset``, made in the graph or by Python."""

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.batching import Plan
from helpers.feeding.augmented import slots_of
from helpers.feeding.feed import Feed, make_feed
from helpers.feeding.leaves import Array, Padding, Ragged, Stored
from helpers.feeding.tf_cells import pad_cells

if TYPE_CHECKING:
    import tensorflow as tf

ALIGNED = 64  # bytes; where TensorFlow takes a slice of a tensor without copying it


def tf_dataset(
    plan: Plan,
    x: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    length: int | tuple[int | None, int | None] | None = None,
    side: str = "post",
    value: float = 0,
    store: bool = True,
    augment: Callable | None = None,
) -> "tf.data.Dataset":
    """Make the batches of a plan a ``tf.data.Dataset``: the same as `PlannedDataset`'s.

    Each iteration is the next epoch of the plan, whoever iterates. The cardinality is known, an
    axis is static where all batches agree, and batches are prefetched. Pass ``shuffle=False`` to
    ``fit``, or it warns that it ignores ``shuffle=True``. What all this means in detail, and which
    random numbers ``augment`` draws, is on the page :doc:`Feeding </book/feeding>`.

    Args:
        plan: Which rows share a batch.
        x: Inputs, as in `PlannedDataset`.
        y: Targets, as in `PlannedDataset`, or None.
        sample_weight: ``(n,)`` numbers, or None.
        length: Timesteps of every padded batch, as in `PlannedDataset`, or None for the plan's or
            the batch's own longest row.
        side: ``"post"`` pads behind the row, ``"pre"`` before it.
        value: What the padding holds.
        store: Whether the rows are copied into tensors, so that TensorFlow alone makes the batches.
            False makes each batch in Python, or with ``augment`` gives TensorFlow row by row.
        augment: A function that is called on each row before it is padded, as in `PlannedDataset`,
            or None. It gets tensors, and is traced once, like a function for ``Dataset.map``.

    Returns:
        A dataset of ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``, as of `PlannedDataset`.

    Raises:
        TypeError: As in `PlannedDataset`.
        ValueError: As in `PlannedDataset`.
        tf.errors.InvalidArgumentError: While batches are made, for what ``augment`` returns and
            only the row itself can tell, like its size.

    Example:
        >>> from helpers.batching import fixed
        >>> batches = tf_dataset(fixed(3, 2), [[1, 2], [3], [4, 5, 6]])
        >>> [batch[0].numpy().tolist() for batch in batches]
        [[[1, 2], [3, 0]], [[4, 5, 6]]]
    """
    import tensorflow as tf

    feed = make_feed(plan, x, y, sample_weight, Padding(length, side, value), store, augment)
    sizes = set(plan.sizes.tolist())
    size = sizes.pop() if len(sizes) == 1 else None
    if augment is not None:
        dataset = _in_graph(plan, feed, size, augment, store)
    else:
        dataset = _in_graph(plan, feed, size) if store else _in_python(plan, feed, size)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(plan))).prefetch(
        tf.data.AUTOTUNE
    )


def _in_python(plan: Plan, feed: Feed, size: int | None) -> "tf.data.Dataset":
    import tensorflow as tf

    epochs = itertools.count()

    def batches() -> Iterator[tuple]:
        current = plan.epoch(next(epochs))
        return map(feed.reader(current), range(len(current)))

    signature = feed.map(lambda leaf: tf.TensorSpec((size, *leaf.shape), leaf.dtype))
    if feed.weighted:
        signature += (
            feed.map_weights(lambda ones: tf.TensorSpec((size, *[1] * ones), tf.float32)),
        )
    return tf.data.Dataset.from_generator(batches, output_signature=signature)


def _in_graph(
    plan: Plan,
    feed: Feed,
    size: int | None,
    augment: Callable | None = None,
    stored: bool = True,
) -> "tf.data.Dataset":
    import tensorflow as tf

    sources: list[_Source] = []
    feed.map(lambda leaf: sources.append(_SOURCES[type(leaf)](leaf) if stored else _Called(leaf)))
    augmented = None
    if augment is not None:
        from helpers.feeding.tf_augmented import AugmentedRows

        augmented = AugmentedRows(feed, augment, sources, plan.padded)
    epochs = itertools.count()

    def arrays(current: Plan) -> tuple:
        """What is in each slot, ``(slots, ...)``, and in each batch, ``(batches, ...)``."""
        parts = [source.arrays(current) for source in sources]
        weights = (
            (feed.map_weights(lambda ones: feed.weights(current, ones)),) if feed.weighted else ()
        )
        order = () if augmented is None else (current.rows, *slots_of(current))
        slots = tuple(slots for slots, _ in parts), weights, order
        spans = current.bounds[:-1, None], current.sizes[:, None]
        return slots, spans, tuple(batches for _, batches in parts)

    example = arrays(plan)
    dtypes = [array.dtype for array in tf.nest.flatten(example)]

    def next_epoch() -> list[np.ndarray]:
        return tf.nest.flatten(arrays(plan.epoch(next(epochs))))

    def batches(_: "tf.Tensor") -> "tf.data.Dataset":
        # Python runs here, once an epoch. `from_generator` would take three calls for the same.
        tensors = tf.numpy_function(next_epoch, [], dtypes)
        for tensor, array in zip(tensors, tf.nest.flatten(example), strict=True):
            tensor.set_shape((None, *array.shape[1:]))
        slots, spans, lengths = tf.nest.pack_sequence_as(example, tensors)
        if size is not None:  # batches of one size need no cutting
            slots = tf.nest.map_structure(
                lambda array: tf.reshape(array, (-1, size, *array.shape[1:])), slots
            )
            return tf.data.Dataset.from_tensor_slices((slots, lengths)).map(batch)
        return tf.data.Dataset.from_tensor_slices((spans, lengths)).map(
            lambda span, lengths: batch(
                tf.nest.map_structure(lambda array: _cut(array, *span), slots), lengths
            )
        )

    def batch(slots: tuple, lengths: tuple) -> tuple:
        slots, weights, order = slots
        if augmented is None:
            shapes = [leaf.shape for _, leaf in feed.leaves()]
            tensors = [
                source.batch(*arguments)
                for source, *arguments in zip(sources, slots, lengths, strict=True)
            ]
        else:
            shapes, tensors = augmented.shapes, augmented.batch(slots, lengths, order)
        for tensor, shape in zip(tensors, shapes, strict=True):
            tensor.set_shape((size, *shape))
        for tensor in tf.nest.flatten(weights):
            tensor.set_shape((size, *tensor.shape[1:]))
        filled = iter(tensors)
        return (*feed.map(lambda _: next(filled)), *weights)

    return tf.data.Dataset.range(1).flat_map(batches)


class _Rows:
    """Rows of an array, in the graph."""

    def __init__(self, leaf: Array):
        self.rows = _constant(leaf.rows)

    def arrays(self, plan: Plan) -> tuple[tuple, tuple]:
        """Arrays ``(slots, ...)`` and arrays ``(batches, ...)`` of an epoch's plan."""
        return (plan.rows,), ()

    def batch(self, slots: tuple, lengths: tuple) -> "tf.Tensor":
        """One batch, from its part of these arrays."""
        import tensorflow as tf

        return tf.gather(self.rows, slots[0])

    def row(self, number: "tf.Tensor") -> "tf.Tensor":
        """One row, from its part of the arrays of the slots."""
        import tensorflow as tf

        return tf.gather(self.rows, number)


class _PaddedRows:
    """Rows that are stored padded, in the graph: the arrays lie one behind the other."""

    def __init__(self, leaf: Stored):
        self.which, self.place = leaf.which, leaf.place
        self.shapes = np.array([array.shape for array in leaf.arrays], np.int64)
        self.sizes = self.shapes.prod(axis=1, keepdims=True)
        item = leaf.dtype.itemsize
        step = ALIGNED // item if ALIGNED % item == 0 else 1
        flat, starts, end = [], [], 0
        for array in leaf.arrays:
            flat += [array.reshape(-1), np.zeros(-array.size % step, leaf.dtype)]
            starts.append(end)
            end += len(flat[-2]) + len(flat[-1])
        self.starts = np.array(starts, np.int64)[:, None]
        self.cells = _constant(np.concatenate(flat))

    def arrays(self, plan: Plan) -> tuple[tuple, tuple]:
        """Arrays ``(slots, ...)`` and arrays ``(batches, ...)`` of an epoch's plan."""
        which = self.which[plan.rows[plan.bounds[:-1]]]
        return (self.place[plan.rows],), (self.starts[which], self.sizes[which], self.shapes[which])

    def batch(self, slots: tuple, lengths: tuple) -> "tf.Tensor":
        """One batch, from its part of these arrays."""
        import tensorflow as tf

        start, size, shape = lengths
        return tf.gather(tf.reshape(tf.slice(self.cells, start, size), shape), slots[0])


class _RaggedRows:
    """Rows that are stored as they are, in the graph: their cells, and a last one of padding."""

    def __init__(self, leaf: Ragged):
        self.leaf = leaf
        features = leaf.rows[0].shape[leaf.axes :]
        counts = leaf.sizes.prod(axis=1)
        flat = [row.reshape(count, *features) for row, count in zip(leaf.rows, counts, strict=True)]
        flat.append(np.full((1, *features), leaf.value, leaf.dtype))
        ends = np.cumsum(counts)
        # Smaller indices are gathered faster.
        self.dtype = np.int32 if ends[-1] < 2**31 - 1 else np.int64
        self.starts = (ends - counts).astype(self.dtype)
        self.sizes = leaf.sizes.astype(self.dtype)
        self.cells = _constant(np.concatenate(flat))

    def arrays(self, plan: Plan) -> tuple[tuple, tuple]:
        """Arrays ``(slots, ...)`` and arrays ``(batches, ...)`` of an epoch's plan."""
        lengths = self.leaf.lengths(plan).astype(self.dtype)
        return (self.starts[plan.rows], self.sizes[plan.rows]), (lengths,)

    def batch(self, slots: tuple, lengths: tuple) -> "tf.Tensor":
        """One batch, from its part of these arrays."""
        return pad_cells(self.leaf, self.cells, *slots, lengths[0])

    def row(self, start: "tf.Tensor", size: "tf.Tensor") -> "tf.Tensor":
        """One row, from its part of the arrays of the slots."""
        import tensorflow as tf

        cells = self.cells[start : start + tf.reduce_prod(size)]
        return tf.reshape(cells, tf.concat([size, self.cells.shape[1:]], axis=0))


class _Called:
    """Rows that Python gives one by one, to be augmented in the graph."""

    def __init__(self, leaf: Array | Ragged):
        self.leaf = leaf

    def arrays(self, plan: Plan) -> tuple[tuple, tuple]:
        """Arrays ``(slots, ...)`` and arrays ``(batches, ...)`` of an epoch's plan."""
        return (plan.rows,), (self.leaf.lengths(plan),) if self.leaf.axes else ()

    def row(self, number: "tf.Tensor") -> "tf.Tensor":
        """One row, from its part of the arrays of the slots."""
        import tensorflow as tf

        return tf.numpy_function(lambda row: self.leaf.rows[row], [number], self.leaf.dtype)


_Source = _Rows | _PaddedRows | _RaggedRows | _Called
_SOURCES = {Array: _Rows, Stored: _PaddedRows, Ragged: _RaggedRows}


def _cut(array: "tf.Tensor", start: "tf.Tensor", size: "tf.Tensor") -> "tf.Tensor":
    """The slots of one batch: ``size`` items from ``start`` on, both ``(1,)``."""
    import tensorflow as tf

    more = array.shape.rank - 1
    if more:
        start, size = tf.pad(start, [[0, more]]), tf.pad(size, [[0, more]], constant_values=-1)
    part = tf.slice(array, start, size)
    part.set_shape((None, *array.shape[1:]))
    return part


def _constant(array: np.ndarray) -> "tf.Tensor":
    import tensorflow as tf

    with tf.device("CPU:0"):  # tf.data works there, and a batch is all that a GPU needs to hold
        return tf.constant(array)
