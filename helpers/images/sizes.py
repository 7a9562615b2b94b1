"""Sizes of images through convolution and pooling: what is left of the real part, and its least.

A size is the true height and width of an image in pixels. Padding lies below and to the right.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import keras
import numpy as np
from keras import ops

from helpers.keras_private import made_by
from helpers.tensors import as_int32, values

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.SeparableConv2D, keras.layers.DepthwiseConv2D)
POOLINGS = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
RESHAPING = (
    keras.layers.ZeroPadding2D,
    keras.layers.Cropping2D,
    keras.layers.UpSampling2D,
    keras.layers.Conv2DTranspose,
)
POINTWISE = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.ELU,
    keras.layers.PReLU,
    keras.layers.Softmax,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
    keras.layers.UnitNormalization,
    keras.layers.Normalization,
    keras.layers.Rescaling,
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Dense,
    keras.layers.Identity,
)
KNOWN = (*CONVOLUTIONS, *POOLINGS, *RESHAPING, *POINTWISE)


def output_sizes(layers: Any, sizes: Any) -> Any:
    """Compute how much of each image is left after a stack of layers.

    Along each axis, with ``span = dilation_rate * (window - 1) + 1``::

        Conv2D and its kin, pooling, "valid":   max(0, floor((size - span) / strides) + 1)
        Conv2D and its kin, pooling, "same":    ceil(size / strides)
        ZeroPadding2D, Cropping2D:              size + or - both sides
        UpSampling2D:                           size * factor
        Conv2DTranspose, "valid":               (size - 1) * strides + max(span, strides)
        Conv2DTranspose, "same":                size * strides

    These are Keras's own output sizes, taken for each image instead of for the padded batch.
    Layers that work on each cell alone keep the size: activations, dropout, `Dense`, `Rescaling`,
    normalisation.

    Args:
        layers: A list of layers, a `Sequential`, or a functional model that is one chain; they may
            hold each other.
        sizes: Integers ``(batch, 2)``, height and width of each image, or ``(2,)`` for one: an
            array, a tensor, or a symbolic tensor.

    Returns:
        int32 tensor of the shape of ``sizes``. A size with a 0 in it is no image and comes out
        as (0, 0).

    Raises:
        TypeError: A layer is not one of these, or ``sizes`` are not integers.
        ValueError: ``layers`` is empty or no chain, or has channels first; ``sizes`` has another
            shape or is below 0; or nothing is left of an image. While a function is compiled the
            sizes have no values yet: there such an image comes out as (0, 0).

    Example:
        >>> stack = [keras.layers.Conv2D(8, 3, padding="same"), keras.layers.MaxPooling2D(2)]
        >>> keras.ops.convert_to_numpy(output_sizes(stack, [[8, 5], [8, 61]])).tolist()
        [[4, 2], [4, 30]]
    """
    layers = flat_layers(layers)
    rules = [size_rule(layer) for layer in layers]
    sizes = as_sizes(sizes)
    known = values(sizes)
    if known is not None:
        return as_int32("sizes after these layers", _checked_walk(layers, known))
    for rule in [None, *rules]:
        sizes = after_rule(rule, sizes)
    return sizes


def smallest_size(layers: Any) -> tuple[int, int]:
    """Find the smallest image of which a stack of layers leaves at least one cell.

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
    least = np.ones(2, "int64")
    for rule in reversed([size_rule(layer) for layer in flat_layers(layers)]):
        if rule is not None:
            multiply, add, divide = np.asarray(rule)
            least = np.maximum(-((add - least * divide) // multiply), 1)  # rounded up
    return int(least[0]), int(least[1])


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
    pixels = [Fraction(1), Fraction(1)]
    for rule in (size_rule(layer) for layer in flat_layers(layers)):
        if rule is not None:
            multiply, _, divide = rule
            pixels = [pixels[i] * divide[i] / multiply[i] for i in (0, 1)]
    rows, columns = (int(p) if p.denominator == 1 else float(p) for p in pixels)
    return rows, columns


def flat_layers(layers: Any) -> list[keras.Layer]:
    """List the layers that a list, a `Sequential` or a chain of a functional model runs, in order.

    Args:
        layers: As for `output_sizes`.

    Returns:
        Layers that hold no others, without input layers.

    Raises:
        TypeError: Something in it is no layer, or a model that shows no chain.
        ValueError: It is empty, or a functional model has a branch.
    """
    found = list(_walk(layers))
    if not found:
        raise ValueError("layers: expected at least one layer, got none")
    return found


def size_rule(layer: keras.Layer) -> tuple | None:
    """Read off a layer how it changes a size: ``(size * multiply + add) // divide`` along an axis.

    Args:
        layer: One of the layers that `output_sizes` names.

    Returns:
        ``(multiply, add, divide)``, each a pair for rows and columns, or None where the size stays.

    Raises:
        TypeError: The layer is another one.
        ValueError: It has channels first.
    """
    if not isinstance(layer, KNOWN):
        names = ", ".join(kind.__name__ for kind in KNOWN)
        raise TypeError(f"layers: expected layers of {names}; got {_named(layer)}")
    if getattr(layer, "data_format", "channels_last") not in (None, "channels_last"):
        raise ValueError(
            f"layers: expected data_format 'channels_last', got 'channels_first' in {_named(layer)}"
        )
    if isinstance(layer, POINTWISE):
        return None
    ones = (1, 1)
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return ones, tuple(sum(sides) for sides in layer.padding), ones
    if isinstance(layer, keras.layers.Cropping2D):
        return ones, tuple(-sum(sides) for sides in layer.cropping), ones
    if isinstance(layer, keras.layers.UpSampling2D):
        return tuple(layer.size), (0, 0), ones
    if isinstance(layer, keras.layers.Conv2DTranspose):
        return tuple(layer.strides), tuple(_added(layer, axis) for axis in (0, 1)), ones
    spans = window_spans(layer)
    if layer.padding == "same":
        spans = ones
    return ones, tuple(layer.strides[i] - spans[i] for i in (0, 1)), tuple(layer.strides)


def window_spans(layer: keras.Layer) -> tuple[int, int]:
    """Return how many rows and columns one output cell of a convolution or a pooling sees.

    Args:
        layer: A convolution or a pooling.

    Returns:
        ``dilation_rate * (window - 1) + 1`` of each axis.
    """
    if isinstance(layer, POOLINGS):
        return tuple(layer.pool_size)
    return tuple(layer.dilation_rate[i] * (layer.kernel_size[i] - 1) + 1 for i in (0, 1))


def after_rule(rule: tuple | None, sizes: Any, xp: Any = ops) -> Any:
    """Apply a rule of `size_rule` to sizes; a size without a cell becomes (0, 0).

    Args:
        rule: ``(multiply, add, divide)``, or None.
        sizes: int32 ``(..., 2)``.
        xp: `keras.ops`, or NumPy for arrays.

    Returns:
        The new sizes, of the same kind.
    """
    after = sizes
    if rule is not None:
        multiply, add, divide = (np.asarray(pair, "int32") for pair in rule)
        after = xp.floor_divide(xp.add(xp.multiply(sizes, multiply), add), divide)
    some = xp.greater(xp.min(xp.minimum(sizes, after), axis=-1, keepdims=True), 0)
    return xp.multiply(after, some.astype("int32") if xp is np else ops.cast(some, "int32"))


def check_sizes(layers: list[keras.Layer], sizes: Any, height: Any, width: Any) -> None:
    """Check sizes that have values against a padded batch and a stack of layers.

    Args:
        layers: As `flat_layers` gives them.
        sizes: int32 ``(batch, 2)``; without values nothing is checked.
        height: Rows of the padded batch, or None.
        width: Columns of the padded batch, or None.

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
                f"got {_times(known[row])} in row {row}"
            )
    _checked_walk(layers, known)


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


def _checked_walk(layers: list[keras.Layer], known: np.ndarray) -> np.ndarray:
    if (known < 0).any():
        row = int((known.reshape(-1, 2) < 0).any(axis=1).argmax())
        where = f" in row {row}" if known.ndim > 1 else ""
        raise ValueError(
            f"sizes: expected at least 0, got {_times(known.reshape(-1, 2)[row])}{where}"
        )
    sizes = after_rule(None, known.astype("int64"), np)
    for layer in layers:
        before, sizes = sizes, after_rule(size_rule(layer), sizes, np)
        lost = ((before > 0) & (sizes == 0)).any(axis=-1)
        if lost.any():
            row = int(np.argmax(lost))
            where = f" in row {row}" if known.ndim > 1 else ""
            raise ValueError(
                f"sizes: expected at least {_times(smallest_size(layers))} (height x width) for "
                f"these layers, got {_times(known.reshape(-1, 2)[row])}{where}; "
                f"{_named(layer)} leaves nothing of it"
            )
    return sizes


def _walk(part: Any) -> Iterator[keras.Layer]:
    if isinstance(part, list | tuple):
        for each in part:
            yield from _walk(each)
    elif isinstance(part, keras.Sequential):
        yield from _walk(part.layers)
    elif isinstance(part, keras.Model):
        yield from _walk(_chain(part))
    elif isinstance(part, keras.layers.InputLayer):
        return
    elif isinstance(part, keras.Layer):
        yield part
    else:
        raise TypeError(f"layers: expected layers, got {type(part).__name__}")


def _chain(model: keras.Model) -> list[keras.Layer]:
    """Layers of a functional model, followed from its output back to its input."""
    outputs = getattr(model, "outputs", None)
    if outputs is None:
        raise TypeError(
            f"layers: expected a list of layers, a Sequential or a functional model, got "
            f"{_named(model)}, which does not say what it runs"
        )
    found: list[keras.Layer] = []
    tensors = outputs
    while True:
        if len(tensors) != 1:
            raise ValueError(
                f"layers: expected one chain of layers, got {len(tensors)} branches in "
                f"{_named(model)}"
            )
        layer, before = made_by(tensors[0])
        if any(tensors[0] is each for each in model.inputs):
            return found[::-1]
        found.append(layer)
        tensors = before


def _added(layer: keras.Layer, axis: int) -> int:
    """Cells that a transposed convolution adds to ``size * strides``."""
    kernel, stride = layer.kernel_size[axis], layer.strides[axis]
    span = layer.dilation_rate[axis] * (kernel - 1) + 1
    extra = None if layer.output_padding is None else layer.output_padding[axis]
    if layer.padding == "valid":
        return (max(span, stride) if extra is None else span + extra) - stride
    return 0 if extra is None else span % 2 + extra - stride


def _named(layer: keras.Layer) -> str:
    return f"{layer.name!r} ({type(layer).__name__})"


def _times(size: Any) -> str:
    return f"{int(size[0])} x {int(size[1])}"
