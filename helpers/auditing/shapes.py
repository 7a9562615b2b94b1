"""Shapes of what is given, against the shapes that the model's inputs declare."""

from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed

Shape = tuple


def declared(model: keras.Layer, x: Any) -> list[Shape] | None:
    """Return the shape of the model's input for each part of ``x``, flat; None if unknown."""
    inputs = getattr(model, "inputs", None) or []
    by_name = {tensor.name: tuple(tensor.shape) for tensor in inputs}
    if isinstance(x, dict) and set(x) == set(by_name):
        return [by_name[name] for name in sorted(x)]
    shapes = [tuple(tensor.shape) for tensor in inputs]
    return shapes if len(shapes) == len(keras.tree.flatten(x)) else None


def parts(feed: Feed) -> tuple[Any, Any]:
    """Return all rows of inputs and targets of arrays, else those of the first batch."""
    if feed.kind != "arrays":
        return feed.looked[0].x, feed.looked[0].y
    source = feed.source
    if isinstance(source, tuple) and len(source) in (2, 3):
        return source[0], source[1]
    return source, None


def shape_of(leaf: Any) -> Shape:
    """Return the shape of an array or tensor, as a plain tuple."""
    return tuple(getattr(leaf, "shape", np.shape(leaf)))


def fits(have: Shape, want: Shape) -> bool:
    """Whether two shapes agree; None agrees with any number."""
    return len(have) == len(want) and all(
        one is None or other is None or one == other for one, other in zip(have, want, strict=True)
    )


def taken(have: Shape, want: Shape) -> bool:
    """Whether a Functional or Sequential model takes a shape: it adds or drops a last axis of 1."""
    added = (*have, 1) if want[-1:] == (1,) else have
    dropped = have[:-1] if have[-1:] == (1,) else have
    return fits(have, want) or fits(added, want) or fits(dropped, want)


def is_sample(have: Shape, want: Shape) -> bool:
    """Whether a shape is that of one row without its axis of rows, and cannot be a batch."""
    return taken((None, *have), want) and not taken(have, want)
