"""The cells of rows, one behind the other, to a padded batch, in the graph of TensorFlow."""

from typing import TYPE_CHECKING

from helpers.feeding.leaves import Ragged

if TYPE_CHECKING:
    import tensorflow as tf


def pad_cells(
    leaf: Ragged,
    cells: "tf.Tensor",
    starts: "tf.Tensor",
    sizes: "tf.Tensor",
    lengths: "tf.Tensor",
) -> "tf.Tensor":
    """Make a padded batch of rows whose cells lie one behind the other, and last one of padding.

    Args:
        leaf: Says on how many axes rows are padded, and on which side.
        cells: ``(cells, *features)`` of any dtype.
        starts: The first cell of each row, integers ``(batch,)``.
        sizes: How long each row is, or how high and wide: integers ``(batch, axes)``.
        lengths: What the batch is padded to, integers ``(axes,)``, in the dtype of ``sizes`` and
            ``starts``.

    Returns:
        A tensor ``(batch, *lengths, *features)`` in the dtype of ``cells``.
    """
    import tensorflow as tf

    if leaf.axes == 1:
        step = tf.range(lengths[0])
        if leaf.side == "pre":
            step -= lengths[0] - sizes
            real = step >= 0
        else:
            real = step < sizes
    else:
        row, column = tf.range(lengths[0])[:, None], tf.range(lengths[1])
        heights, widths = sizes[:, 0, None, None], sizes[:, 1, None, None]
        step = row * widths + column
        real = (row < heights) & (column < widths)
    starts = tf.reshape(starts, (-1, *[1] * leaf.axes))
    padding = tf.shape(cells, starts.dtype)[0] - 1
    return tf.gather(cells, tf.where(real, starts + step, padding))
