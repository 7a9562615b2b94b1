"""What the judges of a long recipe's steps are made of: its batches, and a model of any weights."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from helpers.labs.checks import Wrong, brief, check_rows_seen, check_shape


def check_padded_pictures(
    batches: Any, pictures: Sequence[np.ndarray], labels: Sequence, *, most: int
) -> None:
    """Check that batches show every picture once, padded with zeros, with its own size and label.

    Args:
        batches: a dataset of `((pictures, sizes), labels)`, pictures `(batch, height, width, 1)`
            and sizes `(batch, 2)`, maybe with weights: a row of weight 0 is none.
        pictures: all pictures, float32 `(height, width, 1)`.
        labels: the right labels, numbers or rows of numbers above 0, which may be padded with 0.
        most: how many rows a batch may have.

    Raises:
        Wrong: a batch is made otherwise, or a picture is missing or comes twice.
    """
    numbers: dict[tuple, list[int]] = {}
    for number, picture in enumerate(pictures):
        numbers.setdefault((picture.shape, picture.tobytes()), []).append(number)
    left = {key: list(known) for key, known in numbers.items()}
    indexed = hasattr(batches, "__getitem__")
    every = (batches[i] for i in range(len(batches))) if indexed else iter(batches)
    seen = []
    for index, batch in enumerate(every):
        x, sizes, y, real = _parts(batch, index)
        if len(x) > most:
            got = f"batch {index} has {len(x)} rows, expected at most {most}"
            raise Wrong(f"batches: the batch axis: {got}.")
        for row in np.flatnonzero(real):
            picture, size, label = x[row], sizes[row], y[row]
            where = f"batches: row {row} of batch {index}"
            high, wide = size.tolist()
            key = (
                (high, wide, 1),
                np.ascontiguousarray(picture[:high, :wide], "float32").tobytes(),
            )
            if key not in numbers:
                raise Wrong(
                    f"{where} shows none of the pictures at size {high} x {wide}. Pad below and to "
                    "the right, scale and cut nothing, and give each its own (height, width)."
                )
            if picture[high:].any() or picture[:, wide:].any():
                raise Wrong(f"{where} is not 0 beyond its size {high} x {wide}.")
            number = left[key].pop() if left[key] else numbers[key][0]
            truth = np.ravel(labels[number])
            got = np.ravel(label)
            if not np.array_equal(got[: len(truth)], truth) or got[len(truth) :].any():
                raise Wrong(
                    f"{where} comes with label {got.tolist()}, it should be {truth.tolist()}."
                )
            seen.append(number)
    check_rows_seen(seen, len(pictures), name="batches")


def _parts(batch: Any, index: int) -> tuple[np.ndarray, ...]:
    """Return pictures, sizes, labels and whether a row counts, or say how a batch is made."""
    try:
        (x, sizes), y, *weight = batch
        x, sizes, y = (np.asarray(part) for part in (x, sizes, y))
        real = np.ones(len(x), bool) if not weight else np.asarray(weight[0]) > 0
    except (TypeError, ValueError, IndexError) as error:
        raise Wrong(
            f"batches: batch {index}: expected ((pictures, sizes), labels), got {brief(batch)}."
        ) from error
    check_shape(
        x,
        {"batch": None, "height": None, "width": None, "channels": 1},
        name=f"batches: batch {index}, pictures",
    )
    check_shape(sizes, {"batch": len(x), "size": 2}, name=f"batches: batch {index}, sizes")
    if len(y) != len(x):
        raise Wrong(f"batches: batch {index} has {len(x)} pictures and {len(y)} labels.")
    return x, sizes, y, real


def draw_weights(variables: Iterable) -> None:
    """Give weights random values, the same on every version; biases and means are not 0."""
    random = np.random.default_rng(0)
    for variable in variables:
        drawn = random.normal(0.0, 0.4, tuple(variable.shape))
        variable.assign(np.abs(drawn) + 0.5 if variable.name == "moving_variance" else drawn)
