"""Attention among packed rows: a step sees the steps of its own row and no others."""

from typing import Any

from keras import ops

from helpers.tensors import as_int32


def segment_mask(segments: Any) -> Any:
    """Make the attention mask of a packed batch: block by block along the diagonal.

    Pass it as ``attention_mask`` to ``keras.layers.MultiHeadAttention`` and its like. Together with
    positions that restart at every row it makes the output of each row that of the row alone; a
    causal mask (``use_causal_mask=True``) may come on top. The mask takes ``time`` squared cells
    for each bin.

    Padding, segment 0, is a block of its own. What the model makes of it means nothing, but it is a
    number: a step that may look at nothing becomes NaN in some kernels.

    Args:
        segments: Integers ``(batch, time)``, one number for all steps of a row, as
            `helpers.padding.pack` numbers them: an array, a tensor, or a symbolic tensor.

    Returns:
        bool tensor ``(batch, time, time)``, True where both steps are of the same row.

    Raises:
        TypeError: ``segments`` are not integers.
        ValueError: ``segments`` have another rank.

    Example:
        >>> ops.convert_to_numpy(segment_mask([[1, 1, 2]])).astype(int).tolist()
        [[[1, 1, 0], [1, 1, 0], [0, 0, 1]]]
    """
    segments = as_int32("segments", segments)
    if len(segments.shape) != 2:
        raise ValueError(f"segments: expected (batch, time), got shape {tuple(segments.shape)}")
    return ops.equal(segments[:, :, None], segments[:, None, :])
