"""Sizes of images through convolution and pooling: what is left of the real part, and its least.

A size is the true height and width of an image in pixels. Padding lies below and to the right.
"""

from typing import Any

import keras
import numpy as np

from helpers.images.paths import Paths, read_paths, sizes_on_the_way
from helpers.images.rules import named, times
from helpers.tensors import as_int32, values


def output_sizes(layers: Any, sizes: Any) -> Any:
    """Compute how much of each image is left after a stack of layers, or a network that branches.

    Along each axis, with ``span = dilation_rate * (window - 1) + 1``::

        Conv2D and its kin, pooling, "valid":   max(0, floor((size - span) / strides) + 1)
        Conv2D and its kin, pooling, "same":    ceil(size / strides)
        ZeroPadding2D, Cropping2D:              size + or - both sides
        UpSampling2D:                           size * factor
        Conv2DTranspose, "valid":               (size - 1) * strides + max(span, strides)
        Conv2DTranspose, "same":                size * strides

    These are Keras's own output sizes, taken for each image instead of for the padded batch.
    Layers that work on each cell alone keep the size: activations, dropout, `Dense`, `Rescaling`,
    normalisation. So do `Add`, `Concatenate` on the channels and their kin, ``x + y`` too, where
    the paths that meet have one size. What global pooling makes of a map may rejoin it, as in
    squeeze and excitation.

    Args:
        layers: A list of layers, a `Sequential`, or a functional model with one image and one map,
            such as ResNet50 with ``include_top=False``; they may hold each other.
        sizes: Integers ``(batch, 2)``, height and width of each image, or ``(2,)`` for one: an
            array, a tensor, or a symbolic tensor.

    Returns:
        int32 tensor of the shape of ``sizes``. A size with a 0 in it is no image and comes out
        as (0, 0).

    Raises:
        TypeError: A layer is not one of these, no map comes out, or ``sizes`` are not integers.
        ValueError: ``layers`` is empty, has channels first or paths that never leave one size;
            ``sizes`` has another shape or is below 0; or nothing is left of an image, or other
            sizes where paths meet. While a function is compiled the sizes have no values yet: there
            such an image comes out as (0, 0).

    Example:
        >>> stack = [keras.layers.Conv2D(8, 3, padding="same"), keras.layers.MaxPooling2D(2)]
        >>> keras.ops.convert_to_numpy(output_sizes(stack, [[8, 5], [8, 61]])).tolist()
        [[4, 2], [4, 30]]
    """
    paths = read_paths(layers)
    sizes = as_sizes(sizes)
    known = values(sizes)
    if known is not None:
        return as_int32("sizes after these layers", _checked_walk(paths, known))
    found = list(sizes_on_the_way(paths.steps, sizes))
    after = found[paths.end]
    meet = [(step.takes[0], place) for step in paths.steps for place in step.takes[1:]]
    fits = [keras.ops.equal(found[one], found[other]) for one, other in meet]
    fits += [keras.ops.greater(found[place], 0) for place in paths.loose]
    for fit in fits:
        fit = keras.ops.all(fit, axis=-1, keepdims=True)
        after = keras.ops.multiply(after, keras.ops.cast(fit, "int32"))
    return after


def smallest_size(layers: Any) -> tuple[int, int]:
    """Find the smallest image of which every layer leaves at least one cell.

    Where paths meet it leaves one size too; a larger image may not, if one path goes down and up.

    Args:
        layers: As for `output_sizes`.

    Returns:
        Height and width in pixels, each at least 1.

    Raises:
        TypeError: As for `output_sizes`.
        ValueError: As for `output_sizes`.

    Example:
        >>> smallest_size([keras.layers.Conv2D(8, (3, 5)), keras.layers.MaxPooling2D(2)])
        (4, 6)
    """
    return read_paths(layers).smallest


def strides(layers: Any) -> tuple[int | float, int | float]:
    """Compute how many pixels of the image lie between two cells of the map.

    Args:
        layers: As for `output_sizes`.

    Returns:
        The product of all strides down the rows, and along the columns. After upsampling or a
        transposed convolution it may be a fraction.

    Raises:
        TypeError: As for `output_sizes`.
        ValueError: As for `output_sizes`.

    Example:
        >>> strides([keras.layers.Conv2D(8, 3, strides=2), keras.layers.MaxPooling2D((2, 1))])
        (4, 2)
    """
    pixels = read_paths(layers).strides
    rows, columns = (int(p) if p.denominator == 1 else float(p) for p in pixels)
    return rows, columns


def check_sizes(sizes: Any, height: Any, width: Any, layers: Any = None) -> None:
    """Check sizes that have values against a padded batch, and against layers.

    Args:
        sizes: int32 ``(batch, 2)``; without values nothing is checked.
        height: Rows of the padded batch, or None.
        width: Columns of the padded batch, or None.
        layers: As for `output_sizes`, or None.

    Raises:
        ValueError: A size is below 0 or larger than the batch, or nothing is left of an image.
    """
    known = values(sizes)
    if known is None:
        return
    for axis, most in enumerate((height, width)):
        if isinstance(most, int) and (known[:, axis] > most).any():
            row = int((known[:, axis] > most).argmax())
            raise ValueError(
                f"sizes: expected {('height', 'width')[axis]} 0 to {most}, as the batch is padded, "
                f"got {times(known[row])} in row {row}"
            )
    _check_signs(known)
    if layers is not None:
        _checked_walk(read_paths(layers), known)


def as_sizes(sizes: Any) -> Any:
    """Make sizes an int32 tensor ``(batch, 2)`` or ``(2,)``, or name what they are instead.

    Args:
        sizes: As for `output_sizes`.

    Returns:
        int32 tensor.

    Raises:
        TypeError: They are not integers.
        ValueError: They have another shape.
    """
    sizes = as_int32("sizes", sizes)
    if len(sizes.shape) not in (1, 2) or sizes.shape[-1] != 2:
        raise ValueError(f"sizes: expected (batch, 2) or (2,), got shape {tuple(sizes.shape)}")
    return sizes


def _check_signs(known: np.ndarray) -> None:
    wrong = (known < 0).any(axis=-1)
    if wrong.any():
        raise ValueError(f"sizes: expected at least 0, got {_first(wrong, known)}")


def _first(wrong: Any, known: np.ndarray) -> str:
    """The first size that is wrong, and its row if there are rows."""
    row = int(wrong.argmax())
    return _size(row, known) + (f" in row {row}" if known.ndim > 1 else "")


def _size(row: int, known: np.ndarray) -> str:
    return times(known.reshape(-1, 2)[row])


def _checked_walk(paths: Paths, known: np.ndarray) -> np.ndarray:
    _check_signs(known)
    found = list(sizes_on_the_way(paths.steps, known.astype("int64"), np))
    for step, after in zip(paths.steps, found[1:], strict=True):
        first, *others = (found[place] for place in step.takes)
        lost = ((first > 0) & (after == 0)).any(axis=-1)
        if lost.any():
            raise ValueError(
                f"sizes: expected at least {times(paths.smallest)} (height x width) for these "
                f"layers, got {_first(lost, known)}; {named(step.layer)} leaves nothing of it"
            )
        for other in others:
            apart = (first != other).any(axis=-1)
            if apart.any():
                one, two = (_size(int(apart.argmax()), each) for each in (first, other))
                raise ValueError(
                    "sizes: expected one of which all paths leave the same, got "
                    f"{_first(apart, known)}; {one} and {two} of it meet at {named(step.layer)}"
                )
    return found[paths.end]
