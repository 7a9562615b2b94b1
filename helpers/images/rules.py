"""What a layer does to the height and width of an image, one rule for each kind of layer."""

from typing import Any

import keras

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
JOINING = (
    keras.layers.Add,
    keras.layers.Subtract,
    keras.layers.Multiply,
    keras.layers.Average,
    keras.layers.Maximum,
    keras.layers.Minimum,
    keras.layers.Concatenate,
)
TO_ONE_CELL = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)


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
        names = ", ".join(kind.__name__ for kind in (*KNOWN, *JOINING))
        raise TypeError(f"layers: expected layers of {names}; got {named(layer)}")
    check_channels(layer)
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


def check_channels(layer: keras.Layer) -> None:
    """Refuse a layer that has channels first."""
    if getattr(layer, "data_format", "channels_last") not in (None, "channels_last"):
        raise ValueError(
            f"layers: expected data_format 'channels_last', got 'channels_first' in {named(layer)}"
        )


def named(layer: keras.Operation) -> str:
    """Return name and kind of a layer, for errors."""
    return f"{layer.name!r} ({type(layer).__name__})"


def times(size: Any) -> str:
    """Return a height and a width, for errors."""
    return f"{int(size[0])} x {int(size[1])}"


def _added(layer: keras.Layer, axis: int) -> int:
    """Cells that a transposed convolution adds to ``size * strides``."""
    kernel, stride = layer.kernel_size[axis], layer.strides[axis]
    span = layer.dilation_rate[axis] * (kernel - 1) + 1
    extra = None if layer.output_padding is None else layer.output_padding[axis]
    if layer.padding == "valid":
        return (max(span, stride) if extra is None else span + extra) - stride
    return 0 if extra is None else span % 2 + extra - stride
