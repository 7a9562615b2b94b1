"""Proofs for a dataset of any origin: each row comes once, and batches move no prediction."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from helpers.arguments import integer, plain_array, shown
from helpers.feeding.feed import row_weights


def rows_seen(batches: Iterable, n: int) -> np.ndarray:
    """Count how often one epoch of a dataset shows each row.

    Give the dataset the number of each row as its target, ``np.arange(n)``. In an epoch that loses
    nothing and repeats nothing, every count is 1.

    Args:
        batches: An epoch that ends: a PyDataset, a ``tf.data.Dataset`` or a generator of ``(x, y)``
            or ``(x, y, sample_weight)``, with y integers ``(batch,)`` or ``(batch, 1)`` and the
            weights numbers ``(batch,)``. A row of weight 0 does not count.
        n: The number of rows.

    Returns:
        For each row the sum of its weights, float64 ``(n,)``; without weights, how often it came.

    Raises:
        TypeError: ``n`` is no integer, a batch is no such tuple, or a target is no integer.
        ValueError: A target is no number of a row, a shape is another one, or the epoch showed a
            thousand times as many rows as there are, and more than 100,000: it does not end.
    """
    seen = np.zeros(integer("n", n, minimum=0))
    shown_rows = 0
    if not isinstance(batches, Iterable):
        raise TypeError(f"batches: expected batches to go through, got {shown(batches)}")
    for i, batch in enumerate(batches):
        rows, weights = _numbers(batch, i, n)
        np.add.at(seen, rows, weights)
        shown_rows += len(rows)
        if shown_rows > max(1000 * n, 100_000):
            raise ValueError(
                f"batches: expected an epoch that ends, got {shown_rows} rows for n={n} and more "
                "to come; take the batches of one epoch"
            )
    return seen


def _numbers(batch: Any, i: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the rows of batch ``i``, int64 ``(batch,)``, and their weights."""
    name = f"batches[{i}]"
    if not isinstance(batch, tuple) or len(batch) not in (2, 3):
        raise TypeError(f"{name}: expected (x, y) or (x, y, sample_weight), got {shown(batch)}")
    rows = plain_array(f"{name}: y", batch[1])
    if rows.ndim == 2 and rows.shape[1] == 1:
        rows = rows[:, 0]
    if rows.ndim != 1:
        raise ValueError(f"{name}: y: expected the shape (batch,), got {rows.shape}")
    if rows.dtype.kind not in "iu" and rows.size:
        raise TypeError(f"{name}: y: expected numbers of rows, integers, got dtype {rows.dtype}")
    wrong = (rows < 0) | (rows >= n)
    if wrong.any():
        raise ValueError(
            f"{name}: y: expected numbers of rows from 0 to {n - 1}, got {rows[wrong][0]}"
        )
    weights = batch[2] if len(batch) == 3 else None
    if weights is None:
        return rows.astype(np.int64), np.ones(len(rows))
    return rows.astype(np.int64), row_weights(weights, len(rows)).astype(np.float64)


def prediction_gap(model: keras.Model, batches: Any, x: Any) -> float:
    """Return how far ``predict`` of a dataset is from ``predict`` of the same rows as arrays.

    Args:
        model: A built model; its weights and its state are left as they are, unless it is stateful.
        batches: A dataset of the rows of ``x``, in their order and not shuffled.
        x: What ``predict`` takes without a dataset: an array ``(rows, ...)``, or a structure of
            such arrays.

    Returns:
        The largest difference of two numbers, over all outputs. Infinite if the answers are not as
        many; NaN if one of them is.

    Raises:
        TypeError: ``model`` has no ``predict``.
    """
    if not callable(getattr(model, "predict", None)):
        raise TypeError(f"model: expected a model of Keras, got {shown(model)}")
    batched = keras.tree.flatten(model.predict(batches, verbose=0))
    alone = keras.tree.flatten(model.predict(x, verbose=0))
    gaps = [0.0]
    for one, other in zip(batched, alone, strict=True):
        if one.shape != other.shape:
            return float("inf")
        gaps.append(np.abs(one.astype(np.float64) - other).max(initial=0.0))
    return float(np.max(gaps))
