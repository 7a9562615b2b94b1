"""CTC over the real steps: loss, decoding and a metric for strings of any length."""

from typing import Any

import keras
import numpy as np
from keras import ops

from helpers.arguments import choice, text
from helpers.keras_private import mask_of, only_shapes
from helpers.tensors import as_int32, as_numpy, check_real, sizes_agree

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")


@keras.saving.register_keras_serializable("ragged_edges")
class CTCLoss(keras.losses.Loss):
    """The CTC loss of each row over its own steps, however far the batch is padded.

    ``keras.losses.CTC`` takes every step for a real one: padding changes its value, and on a
    model whose output carries a mask it raises. Here a step is real where ``y_pred``'s Keras mask
    is True, and every step is if it carries none. The loss of a row in a padded batch is the loss
    of the row alone, and what ``y_pred`` holds at the other steps, NaN too, has no influence on
    value and gradient. Masks may begin with padding or have holes.

    ``y_true`` holds the symbols as 1, 2, ..., and 0, CTC's blank, as padding. A row of 0s only
    is a row without symbols. As in Keras, a row of weight 0 still counts in the number of rows;
    its label and its logits do not matter.

    A label needs a step per symbol and one more between two equal neighbours (`steps_needed`).
    Where it has fewer no path leads to it and its loss is infinite. Where values are known, which
    is outside of ``fit`` and ``evaluate`` and on PyTorch also inside, that is an error which names
    the row. In compiled code the batch's loss is ``inf`` on every backend, and such a row adds
    nothing to the gradient. Left to themselves the backends differ.

    A program that only loads a saved model must import this class first.

    Args:
        reduction: ``"sum_over_batch_size"``, the mean over rows, or another of Keras's.
        name: Name of the loss.
        dtype: As in other Keras losses.

    Raises:
        TypeError: When called: labels that are not integers.
        ValueError: When called: shapes that do not fit, and, where values are known, labels that
            do not fit their steps or are no class.

    Source: :cite:t:`graves2006`; the computation is Keras's ``ops.ctc_loss``.

    Example:
        >>> logits = np.log([[[0.4, 0.6], [0.5, 0.5]]])
        >>> loss = float(CTCLoss()(np.array([[1]]), logits))
        >>> round(float(np.exp(-loss)), 3)
        0.8
    """

    def __init__(
        self,
        *,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc_loss",
        dtype: Any = None,
    ):
        if reduction is not None:
            choice("reduction", reduction, REDUCTIONS)
        if name is not None:
            text("name", name)
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the reduced loss, a scalar tensor unless ``reduction`` is None.

        Args:
            y_true: Int ``(batch, length)``, 0 where there is no symbol.
            y_pred: Logits ``(batch, time, classes)``, with or without a Keras mask. Not
                probabilities: end the model in a ``Dense`` without activation.
            sample_weight: ``(batch,)``, ``(batch, 1)`` or None.
        """
        labels, real, weight = _checked(y_true, y_pred, sample_weight, self.dtype)
        counts = ops.ones_like(real[:, 0]) if weight is None else ops.not_equal(weight, 0)
        # Keras's own call converts dtypes, reduces and scales for tf.distribute. It finds no mask
        # on the tuple, so it does not multiply the rows' values by a mask of steps.
        return super().__call__((labels, counts), (y_pred, real), weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the rows' values ``(batch,)``; the arguments come with weights and mask."""
        (labels, counts), (logits, real) = y_true, y_pred
        counts = ops.cast(counts, "bool")[:, None]
        real = ops.logical_and(ops.cast(real, "bool"), counts)
        labels = ops.cast(labels, "int32")  # Keras casts what a loss is called with
        labels = ops.where(counts, labels, 0)
        # 0 where not real before the loss, not after: the gradient of a NaN masked away is NaN.
        logits, steps = _to_front(logits, real)
        labels, lengths = _to_front(labels, ops.not_equal(labels, 0))
        needed = lengths + _repeats(labels)
        _check_labels(labels, lengths, needed, steps, logits.shape[-1])
        fits = needed <= steps
        values = ops.ctc_loss(
            ops.where(fits[:, None], labels, 0),
            logits,
            ops.where(fits, lengths, 0),
            ops.maximum(steps, 1),
            mask_index=0,
        )
        values = ops.where(steps > 0, values, ops.cast(0, values.dtype))
        return ops.where(fits, values, ops.cast(float("inf"), values.dtype))


@keras.saving.register_keras_serializable("ragged_edges")
class ExactMatch(keras.metrics.Mean):
    """The share of rows whose greedy reading is the label, symbol for symbol.

    A row's reading is that of `greedy_decode`, over the steps where ``y_pred``'s Keras mask is
    True. It is computed in ``keras.ops``, so the metric runs in compiled code on every backend,
    and it adds up over batches of any width. Keras passes ``sample_weight`` only to
    ``compile(weighted_metrics=[...])``; the share is then a weighted one.

    Args:
        name: Name in ``history`` and logs.
        dtype: As in other Keras metrics.

    Raises:
        TypeError: When called: labels that are not integers.
        ValueError: When called: shapes that do not fit.

    Example:
        >>> metric = ExactMatch()
        >>> logits = np.eye(3)[[[1, 1, 0, 1], [0, 2, 2, 0]]]
        >>> metric.update_state(np.array([[1, 1], [2, 2]]), logits)
        >>> float(metric.result())
        0.5
    """

    def __init__(self, name: str = "exact_match", dtype: Any = None):
        text("name", name)
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: Int ``(batch, length)``, 0 where there is no symbol.
            y_pred: Logits or probabilities ``(batch, time, classes)``, with or without a Keras
                mask.
            sample_weight: ``(batch,)``, ``(batch, 1)`` or None.
        """
        labels, real, weight = _checked(y_true, y_pred, sample_weight, self.dtype)
        labels, _ = _to_front(labels, ops.not_equal(labels, 0))
        best = ops.cast(ops.argmax(ops.convert_to_tensor(y_pred), axis=-1), "int32")
        best, _ = _to_front(best, ops.cast(real, "bool"))  # what is left behind them is blank
        before = ops.concatenate([ops.zeros_like(best[:, :1]), best[:, :-1]], axis=1)
        new = ops.logical_and(ops.not_equal(best, 0), ops.not_equal(best, before))
        read, _ = _to_front(best, new)
        pair = (
            ops.concatenate([read, ops.zeros_like(labels)], axis=1),
            ops.concatenate([labels, ops.zeros_like(read)], axis=1),
        )
        same = ops.all(ops.equal(*pair), axis=1)
        super().update_state(ops.cast(same, self.dtype), sample_weight=weight)


def greedy_decode(logits: Any, lengths: Any = None, mask: Any = None) -> list[np.ndarray]:
    """Read each row's string: the best class of every real step, repeats merged, blanks left out.

    It is done in NumPy, the same on every backend. ``keras.ops.ctc_decode`` gives the same
    readings, but as one array padded with -1, with a score beside it, and it knows no mask.

    Args:
        logits: Logits or probabilities ``(batch, time, classes)``, an array or a tensor; class 0
            is the blank. A tensor's Keras mask is used if neither ``lengths`` nor ``mask`` is
            given; ``model.predict`` returns arrays, which have none.
        lengths: Int ``(batch,)``, the number of real steps, which come first.
        mask: Bool ``(batch, time)``, True at real steps.

    Returns:
        A list with one int64 array of classes 1, 2, ... per row, empty if only blanks were read.

    Raises:
        TypeError: ``logits`` are no real numbers, ``lengths`` no integers, ``mask`` is not bool.
        ValueError: Shapes that do not fit, a length that is negative or above ``time``, both
            ``lengths`` and ``mask``, or NaN at a real step.

    Example:
        >>> logits = np.eye(3)[[[1, 1, 0, 1, 2], [0, 2, 2, 1, 1]]]
        >>> [row.tolist() for row in greedy_decode(logits, lengths=[5, 3])]
        [[1, 1, 2], [2]]
    """
    if mask is None and lengths is None:
        mask = mask_of(logits)
    elif mask is not None and lengths is not None:
        raise ValueError("mask: expected None together with lengths, got both")
    logits = as_numpy(logits, "logits")
    if logits.dtype.kind in "cOSUmM":
        raise TypeError(f"logits: expected real numbers, got dtype {logits.dtype}")
    if logits.ndim != 3:
        raise ValueError(f"logits: expected (batch, time, classes), got {logits.shape}")
    rows, time = logits.shape[:2]
    real = np.ones((rows, time), bool)
    if mask is not None:
        real = as_numpy(mask, "mask")
        if real.dtype != bool:
            raise TypeError(f"mask: expected bool, got dtype {real.dtype}")
        if real.shape != (rows, time):
            raise ValueError(f"mask: expected shape {(rows, time)}, got {real.shape}")
    elif lengths is not None:
        lengths = as_numpy(lengths, "lengths")
        if lengths.dtype.kind not in "iu":
            raise TypeError(f"lengths: expected integers, got dtype {lengths.dtype}")
        if lengths.shape != (rows,):
            raise ValueError(f"lengths: expected shape ({rows},), got {lengths.shape}")
        for row, length in enumerate(lengths.tolist()):
            if not 0 <= length <= time:
                raise ValueError(f"lengths: expected 0 to {time} steps, got {length} in row {row}")
        real = np.arange(time) < lengths[:, None]
    broken = np.isnan(logits).any(axis=2) & real
    if broken.any():
        row, step = np.argwhere(broken)[0]
        raise ValueError(f"logits: expected numbers, got NaN in row {row} at step {step}")
    best = logits.argmax(axis=2)
    return [_merged(steps[where]) for steps, where in zip(best, real, strict=True)]


def steps_needed(labels: Any) -> np.ndarray:
    """Return the fewest steps from which each label can be read.

    A step per symbol, and one, for the blank, between two equal neighbours: 1 1 2 needs 4.

    Args:
        labels: Int ``(batch, length)``, 0 where there is no symbol; or a list of rows of
            different lengths.

    Returns:
        Int64 ``(batch,)``.

    Raises:
        TypeError: ``labels`` are not integers.
        ValueError: ``labels`` has another shape, or one is negative.

    Example:
        >>> steps_needed([[1, 2, 3], [1, 1, 2], [4, 0, 0], [0, 0, 0]]).tolist()
        [3, 4, 1, 0]
    """
    if hasattr(labels, "shape"):
        labels = as_numpy(labels, "labels")
        if labels.ndim != 2:
            raise ValueError(f"labels: expected (batch, length), got {labels.shape}")
    elif not isinstance(labels, list | tuple):
        raise TypeError(f"labels: expected an array or a list, got {type(labels).__name__}")
    needed = []
    for i, row in enumerate(labels):
        row = as_numpy(row, f"labels[{i}]")
        if row.ndim != 1:
            raise ValueError(f"labels: expected a row of symbols, got {row.shape} in row {i}")
        if row.size and row.dtype.kind not in "iu":
            raise TypeError(f"labels: expected integers, got dtype {row.dtype} in row {i}")
        if (row < 0).any():
            raise ValueError(f"labels: expected symbols from 1, got {row.min()} in row {i}")
        row = row[row != 0]
        needed.append(len(row) + np.count_nonzero(row[1:] == row[:-1]))
    return np.array(needed, "int64")


def _merged(best: np.ndarray) -> np.ndarray:
    """The symbols of one row's best classes."""
    new = np.append(True, best[1:] != best[:-1])[: len(best)]
    return best[new & (best != 0)].astype("int64")


def _checked(y_true: Any, y_pred: Any, sample_weight: Any, dtype: str) -> tuple:
    """Labels ``(batch, length + 1)``, mask ``(batch, time)``, weights ``(batch,)`` or None."""
    check_real("y_pred", y_pred)
    shape = tuple(getattr(y_pred, "shape", ()))
    if len(shape) != 3:
        raise ValueError(
            f"y_pred: expected logits (batch, time, classes), got {shape or type(y_pred).__name__}"
        )
    labels = as_int32("y_true", y_true)
    if len(labels.shape) != 2 or not sizes_agree(labels.shape[:1], shape):
        raise ValueError(
            f"y_true: expected labels (batch, length) for y_pred's {shape}, "
            f"got shape {tuple(labels.shape)}"
        )
    mask = mask_of(y_pred)
    if mask is None:
        real = ops.ones(ops.shape(y_pred)[:2], "bool")
    else:
        real = ops.cast(mask, "bool")
        if len(real.shape) != 2 or not sizes_agree(real.shape, shape):
            raise ValueError(
                f"y_pred: expected a mask of its (batch, time), which is {shape[:2]}, "
                f"got one of {tuple(real.shape)}"
            )
    weight = sample_weight
    if weight is not None:
        check_real("sample_weight", weight)
        weight = ops.convert_to_tensor(weight, dtype)
        given = tuple(weight.shape)
        if not (len(given) == 1 or given[1:] == (1,)) or not sizes_agree(given[:1], shape):
            raise ValueError(f"sample_weight: expected (batch,) of y_pred's {shape}, got {given}")
        weight = ops.reshape(weight, (-1,))
    # One more 0, since no backend is sure to take labels of length 0.
    blank = ops.zeros((ops.shape(labels)[0], 1), labels.dtype)
    return ops.concatenate([labels, blank], axis=1), real, weight


def _to_front(x: Any, keep: Any) -> tuple:
    """``x (batch, time, ...)`` with what is kept in front and 0 behind, and how many are kept."""
    kept = ops.cast(keep, "int32")
    place = ops.cumsum(ops.ones_like(kept), axis=1)
    # All keys differ, so the order does not depend on whether a backend's sort is stable.
    order = ops.argsort(ops.where(keep, place, place + ops.shape(kept)[1]), axis=1)
    count = ops.sum(kept, axis=1)
    front = place <= count[:, None]
    if len(x.shape) == 3:
        order, front = order[..., None], front[..., None]
    moved = ops.reshape(ops.take_along_axis(x, order, axis=1), ops.shape(x))
    return ops.where(front, moved, ops.cast(0, x.dtype)), count


def _repeats(labels: Any) -> Any:
    """How many symbols of each row are equal to the one before."""
    equal = ops.equal(labels[:, 1:], labels[:, :-1])
    equal = ops.logical_and(equal, ops.not_equal(labels[:, 1:], 0))
    return ops.sum(ops.cast(equal, "int32"), axis=1)


def _check_labels(labels: Any, lengths: Any, needed: Any, steps: Any, classes: int) -> None:
    """Raise if a label is impossible; without values, as in compiled code, say nothing."""
    if only_shapes():
        return
    try:
        arrays = [ops.convert_to_numpy(x) for x in (labels, lengths, needed, steps)]
    except Exception:  # each backend has an error of its own for a tensor without value
        return
    labels, lengths, needed, steps = arrays
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"y_true: expected symbols 1 to {classes - 1} and 0 as padding, "
            f"got {labels[row, column]} in row {row}"
        )
    if (needed > steps).any():
        row = (needed > steps).argmax()
        raise ValueError(
            f"y_true: expected labels that fit the steps of y_pred, got {lengths[row]} symbols in "
            f"row {row}, which need {needed[row]} steps and have {steps[row]} (see steps_needed)"
        )
