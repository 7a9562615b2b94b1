"""What others use: each peer makes the same kind of batch as the helpers, in its own way."""

from collections.abc import Iterator, Sequence

import numpy as np

try:
    from transformers.trainer_pt_utils import get_length_grouped_indices as _theirs
except ImportError:  # it needs PyTorch, which this environment need not have
    _theirs = None

SAMPLER = "length-grouped sampler" + ("" if _theirs else " (own copy of the method)")


def length_grouped_sampler(lengths: np.ndarray, batch_size: int, seed: int = 0) -> np.ndarray:
    """Order rows as ``LengthGroupedSampler`` of Hugging Face Transformers does.

    Rows are shuffled and cut in windows of 50 batches (fewer if that leaves less than 4 windows),
    each window is sorted, longest row first, and the longest row of all comes first. Uses theirs
    where it is installed, else our implementation of the same steps.

    Returns:
        int64 ``(n,)``: batches are slices of ``batch_size`` rows.
    """
    if _theirs:
        import torch

        generator = torch.Generator().manual_seed(seed)
        return np.array(_theirs(lengths.tolist(), batch_size, generator=generator), np.int64)
    return own_length_grouped_sampler(lengths, batch_size, seed)


def own_length_grouped_sampler(lengths: np.ndarray, batch_size: int, seed: int = 0) -> np.ndarray:
    """Our implementation of the steps that `length_grouped_sampler` tells."""
    window = batch_size * max(1, min(len(lengths) // (batch_size * 4), 50))
    order = np.random.default_rng(seed).permutation(len(lengths))
    for start in range(0, len(order), window):
        part = order[start : start + window]
        part[:] = part[np.argsort(-lengths[part], kind="stable")]
    longest = lengths[order[::window]].argmax() * window
    order[[0, longest]] = order[[longest, 0]]
    return order


def cost_of(order: np.ndarray, lengths: np.ndarray, batch_size: int) -> tuple[float, int]:
    """Padded over true tokens, and the number of shapes, if each batch has its own length."""
    starts = np.arange(0, len(order), batch_size)
    longest = np.maximum.reduceat(lengths[order], starts)
    sizes = np.diff([*starts, len(order)])
    shapes = set(zip(sizes.tolist(), longest.tolist(), strict=True))
    return float(sizes @ longest / lengths.sum()), len(shapes)


def pad_sequences(rows: list, batch: Sequence[int], length: int) -> np.ndarray:
    """Make one batch with Keras's function."""
    import keras

    picked = [rows[row] for row in batch]
    return keras.utils.pad_sequences(picked, maxlen=length, dtype=rows[0].dtype, padding="post")


def numpy_loop(rows: list, batch: Sequence[int], length: int) -> np.ndarray:
    """Make one batch with a loop into zeros, the least that Python can do."""
    array = np.zeros((len(batch), length), rows[0].dtype)
    for slot, row in enumerate(batch):
        array[slot, : len(rows[row])] = rows[row]
    return array


def padded_batch(rows: list, order: np.ndarray, batch_size: int):
    """Batches of ``tf.data``: one row after the other in the graph, then ``padded_batch``."""
    return _rows_in_graph(rows, order).padded_batch(batch_size)


def bucket_by_sequence_length(rows: list, order: np.ndarray, batch_size: int, boundaries):
    """Batches of ``tf.data`` by length, each padded to its boundary.

    ``tf.data`` counts a row as shorter than the boundary above it and pads to one less than it.
    """
    import tensorflow as tf

    edges = [int(boundary) + 1 for boundary in boundaries]
    return _rows_in_graph(rows, order).bucket_by_sequence_length(
        lambda row: tf.shape(row)[0],
        edges,
        [batch_size] * (len(edges) + 1),
        pad_to_bucket_boundary=True,
    )


def _rows_in_graph(rows: list, order: np.ndarray):
    """A dataset of single rows, without any Python for a row."""
    import tensorflow as tf

    lengths = np.array([len(row) for row in rows], np.int64)
    starts = np.cumsum(lengths) - lengths
    values = tf.constant(np.concatenate(rows))
    spans = tf.constant(np.stack([starts, lengths], axis=1)[order])
    return tf.data.Dataset.from_tensor_slices(spans).map(
        lambda span: tf.slice(values, span[:1], span[1:])
    )


def from_generator(
    rows: list, targets: np.ndarray, weights: np.ndarray, batches: list, lengths: Sequence[int]
):
    """A Python generator of batches padded by Keras, the usual way in tutorials."""
    import tensorflow as tf

    def generate() -> Iterator[tuple]:
        for batch, length in zip(batches, lengths, strict=True):
            yield pad_sequences(rows, batch, length), targets[batch], weights[batch]

    spec = (
        tf.TensorSpec((None, None), rows[0].dtype),
        tf.TensorSpec((None, *targets.shape[1:]), targets.dtype),
        tf.TensorSpec((None,), weights.dtype),
    )
    dataset = tf.data.Dataset.from_generator(generate, output_signature=spec)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(batches)))
