"""Rows that are augmented in the graph of TensorFlow, one after the other, and then padded."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from helpers.feeding.augmented import check_axes, flat, too_large
from helpers.feeding.feed import Feed
from helpers.feeding.leaves import Array, Leaf
from helpers.feeding.tf_cells import pad_cells
from helpers.padding import fill_value


class AugmentedRows:
    """The function ``augment``, traced once, and the batches of what it makes of the rows.

    Args:
        feed: Rows as they are given, none of them stored padded.
        augment: The function.
        sources: What reads one row of each leaf, in the graph.
        repeats: Whether there are padding slots, which may repeat a row.

    Attributes:
        shapes: Of a row in a batch, for each leaf; None for an axis that may vary.
    """

    def __init__(self, feed: Feed, augment: Callable, sources: list, repeats: bool):
        self._leaves, self._sources, self._repeats = feed.leaves(), sources, repeats
        self._given = [row_shape(leaf) for _, leaf in self._leaves]
        self.shapes: list[tuple[int | None, ...]] = []
        self._pads: list[bool] = []  # whether there may be padding
        traced = tf.function(lambda *rows: augment(*rows))  # with AutoGraph, as in `Dataset.map`

        def one(number: tf.Tensor, *rows: tf.Tensor) -> tuple:
            tensors = iter(rows)
            returned = traced(*feed.map(lambda _: next(tensors)))
            items = flat(feed.parts, returned, "a row")
            leaves = zip(self._leaves, self._given, items, strict=True)
            self.shapes, self._pads = [], []
            return tuple(self._cells(number, item, *named, given) for named, given, item in leaves)

        specs = [
            tf.TensorSpec(shape, leaf.dtype)
            for (_, leaf), shape in zip(self._leaves, self._given, strict=True)
        ]
        self._one = tf.function(one, autograph=False).get_concrete_function(
            tf.TensorSpec((), tf.int64), *specs
        )
        outputs = self._one.structured_outputs
        self._specs = tuple(
            _signature(leaf, output)
            for (_, leaf), output in zip(self._leaves, outputs, strict=True)
        )
        self._fills = [
            _fill(*named, pads, output)
            for named, pads, output in zip(self._leaves, self._pads, outputs, strict=True)
        ]

    def _cells(
        self, number: tf.Tensor, item: Any, path: str, leaf: Leaf, given: tuple[int | None, ...]
    ) -> Any:
        """Check one augmented row; an array's comes back as it is, others as cells and a size."""
        if item is None:
            raise TypeError(f"augment: expected numbers for {path}, got None for a row")
        tensor, axes = tf.convert_to_tensor(item), leaf.axes
        if tensor.shape.rank is None:
            message = f"augment: expected {path} with {len(given)} axes, as it was given, got "
            message = tf.strings.format(message + "shape {} for row {}", (tf.shape(tensor), number))
            with tf.control_dependencies(
                [tf.debugging.Assert(tf.rank(tensor) == len(given), [message])]
            ):
                tensor = tf.ensure_shape(tensor, (None,) * len(given))
        check_axes(tensor.shape, path, leaf, "a row")
        # An axis that is not padded and of unknown size is as long as it was.
        wanted = [
            before if steps is None else steps
            for steps, before in zip(tensor.shape[axes:], given[axes:], strict=True)
        ]
        if None in tensor.shape[axes:]:
            shape = tf.shape(tensor, tf.int64)
            message = f"augment: expected {path} of a shape that ends in {wanted}, got "
            message = tf.strings.format(message + "{} for row {}", (shape, number))
            right = tf.reduce_all(shape[axes:] == wanted)
            with tf.control_dependencies([tf.debugging.Assert(right, [message])]):
                tensor = tf.ensure_shape(tensor, (*tensor.shape[:axes], *wanted))
        if not axes:
            self.shapes.append(tuple(wanted))
            self._pads.append(False)
            return tensor
        known = tensor.shape[:axes] if leaf.open else leaf.shape[:axes]
        self.shapes.append((*known, *wanted))
        self._pads.append(None in known or tensor.shape[:axes] != known)
        if tensor.dtype == tf.string:
            raise TypeError(f"augment: expected numbers for {path}, got texts for a row")
        size = tf.shape(tensor, tf.int64)[:axes]
        cells = tf.reshape(tensor, (tf.reduce_prod(size), *wanted))
        return tf.ensure_shape(cells, (None, *wanted)), size

    @tf.autograph.experimental.do_not_convert
    def batch(self, slots: tuple, lengths: tuple, order: tuple) -> list[tf.Tensor]:
        """Make one batch: a tensor for each leaf.

        Args:
            slots: For each source a tuple of what it needs to read rows, integers ``(slots, ...)``.
            lengths: For each leaf a tuple of what it is padded to, integers ``(axes,)``; an empty
                tuple if it is not padded.
            order: Of each slot, the number of its row, int64 ``(slots,)``; whether it is augmented,
                bool ``(slots,)``; and the place of what it shows among the augmented, int64
                ``(slots,)``.

        Returns:
            Tensors ``(slots, ...)`` in the dtypes of the augmented rows.
        """
        numbers, own, places = order
        if self._repeats:
            numbers, slots = tf.nest.map_structure(
                lambda array: tf.boolean_mask(array, own), (numbers, slots)
            )
        found = tf.map_fn(
            self._augmented,
            (numbers, slots),
            fn_output_signature=self._specs,
            parallel_iterations=1,
        )
        return [
            self._padded(*part, numbers, places)
            for part in zip(self._leaves, self._fills, found, lengths, strict=True)
        ]

    def _augmented(self, elements: tuple) -> tuple:
        number, slots = elements
        rows = []
        for source, slot, shape in zip(self._sources, slots, self._given, strict=True):
            row = source.row(*slot)
            row.set_shape(shape)
            rows.append(row)
        return self._one(number, *rows)

    def _padded(
        self,
        named: tuple[str, Leaf],
        fill: np.ndarray | None,
        found: Any,
        lengths: tuple,
        numbers: tf.Tensor,
        places: tf.Tensor,
    ) -> tf.Tensor:
        path, leaf = named
        if not leaf.axes:
            return tf.gather(found, places) if self._repeats else found
        cells, sizes = found
        most = tf.reduce_max(sizes, axis=0) if leaf.open else tf.cast(lengths[0], tf.int64)
        over = tf.reduce_any(sizes > most, axis=1)
        at = tf.argmax(tf.cast(over, tf.int32))
        values = (*tf.unstack(most), *tf.unstack(sizes[at]), numbers[at])
        message = tf.strings.format(too_large(path, leaf.axes), values)
        with tf.control_dependencies([tf.debugging.Assert(~tf.reduce_any(over), [message])]):
            starts = tf.identity(cells.row_splits[:-1])
        if self._repeats:
            starts, sizes = tf.gather(starts, places), tf.gather(sizes, places)
        return pad_cells(leaf, tf.concat([cells.values, fill], axis=0), starts, sizes, most)


def row_shape(leaf: Leaf) -> tuple[int | None, ...]:
    """Shape of a row as it is given; None for an axis on which rows differ."""
    if isinstance(leaf, Array):
        return leaf.shape
    same = (leaf.sizes == leaf.sizes[0]).all(axis=0)
    sizes = [
        int(steps) if alike else None for steps, alike in zip(leaf.sizes[0], same, strict=True)
    ]
    return (*sizes, *leaf.rows[0].shape[leaf.axes :])


def _signature(leaf: Leaf, output: Any) -> Any:
    if not leaf.axes:
        return tf.TensorSpec(output.shape, output.dtype)
    cells, size = output
    return (
        tf.RaggedTensorSpec(cells.shape, cells.dtype, ragged_rank=0),
        tf.TensorSpec(size.shape, size.dtype),
    )


def _fill(path: str, leaf: Leaf, pads: bool, output: Any) -> np.ndarray | None:
    """One cell of padding."""
    if not leaf.axes:
        return None
    cells = output[0]
    dtype = np.dtype(cells.dtype.as_numpy_dtype)
    value = fill_value(leaf.value, dtype, f"value for {path}") if pads else dtype.type(0)
    return np.full((1, *cells.shape[1:]), value)
