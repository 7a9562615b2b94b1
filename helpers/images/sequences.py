"""From a feature map to a sequence: the columns, the rows or the cells of each image, in order.

A recurrent layer reads ``(batch, time, features)`` and a mask. A feature map is
``(batch, height, width, channels)``, padded below and to the right, and ``sizes`` holds the true
height and width of each image in it.
"""

from typing import Any

import keras
from keras import layers, ops

from helpers.arguments import choice, shown
from helpers.images.sizes import as_sizes, check_sizes
from helpers.masking.lengths import mask_from_lengths
from helpers.tensors import NamesNested

ORDERS = ("columns", "rows", "cells")
ACROSS = ("flatten", "mean", "max")


@keras.saving.register_keras_serializable("ragged_edges")
class ToSequence(NamesNested, layers.Layer):
    """Read a padded feature map as a sequence with a mask, image by image.

    * ``"columns"``: from left to right, a step per column. Time is the width.
    * ``"rows"``: from top to bottom, a step per row. Time is the height.
    * ``"cells"``: row by row, a step per cell. Time is height times width of the padded map. An
      image's own cells come first, so that the padding is behind them.

    A column has as many cells as the map is high, a row as many as it is wide. ``across`` says
    what becomes of them:

    * ``"flatten"`` lays them side by side, ``height * channels`` or ``width * channels`` features.
      That axis of the map must be fixed, and cells of padding are 0.
    * ``"mean"`` and ``"max"`` are over the real cells only, ``channels`` features, and that axis
      may vary.

    What the padding holds, NaN too, has no influence. Steps of padding are 0, and the Keras mask
    of the output marks the real ones. An image with height or width 0 has none.

    A program that only loads a saved model must import this class first.

    Args:
        order: ``"columns"``, ``"rows"`` or ``"cells"``.
        across: ``"flatten"``, ``"mean"`` or ``"max"``; None is ``"flatten"``. Leave it out for
            ``"cells"``, which have nothing across.
        **kwargs: ``name`` and the like, as for any layer.

    Raises:
        TypeError: When called: ``sizes`` are not integers.
        ValueError: ``order`` or ``across`` is unknown, or ``across`` is given for cells. When
            called: another shape, ``"flatten"`` over an axis of the map that is None, or a size
            that is larger than the map. In compiled code sizes have no values yet and are not
            compared.

    Example:
        >>> feature_map = ops.reshape(ops.arange(12.0), (1, 2, 3, 2))
        >>> steps = ToSequence("cells")([feature_map, ops.convert_to_tensor([[2, 2]])])
        >>> ops.convert_to_numpy(steps)[0, :, 0].tolist()
        [0.0, 2.0, 6.0, 8.0, 0.0, 0.0]
    """

    def __init__(self, order: str = "columns", across: str | None = None, **kwargs: Any):
        choice("order", order, ORDERS)
        if order == "cells":
            if across is not None:
                raise ValueError(f"across: expected None with order='cells', got {shown(across)}")
        else:
            across = "flatten" if across is None else across
            choice("across", across, ACROSS)
        super().__init__(**kwargs)
        self.order, self.across = order, across
        # A reshape of its own: the number of cells is open where height or width is.
        self._flatten = layers.Flatten(data_format="channels_last")

    def build(self, input_shape: Any) -> None:
        """Check the shapes; remember the axis that is flattened."""
        self._fixed = self._checked_shape(input_shape)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Put the cells in order.

        Args:
            inputs: A pair: the feature map ``(batch, height, width, channels)`` and the sizes of
                the images in it, integers ``(batch, 2)``, height and width.

        Returns:
            ``(batch, time, features)`` of the layer's dtype, 0 where not real.
        """
        x, sizes = _pair(inputs)
        x = ops.cast(x, self.compute_dtype)
        sizes = checked_sizes(sizes, x)
        if self.order == "cells":
            return self._cells(x, sizes)
        if self.order == "columns":
            x, sizes = ops.transpose(x, (0, 2, 1, 3)), ops.flip(sizes, axis=1)
        along, across = mask_from_lengths(sizes[:, 0], x), mask_from_lengths(sizes[:, 1], x[:, 0])
        real = ops.logical_and(along[:, :, None], across[:, None, :])[..., None]
        if self.across == "max":
            most = ops.max(ops.where(real, x, ops.cast(float("-inf"), x.dtype)), axis=2)
            return ops.where(ops.any(real, axis=2), most, ops.zeros_like(most))
        x = ops.where(real, x, ops.zeros_like(x))
        if self.across == "mean":
            across = ops.cast(across, x.dtype)
            shares = ops.divide_no_nan(across, ops.sum(across, axis=1, keepdims=True))
            return ops.sum(x * shares[:, None, :, None], axis=2)
        if x.shape[2] not in (None, self._fixed):
            raise ValueError(
                f"feature_map: expected {self._axis()} {self._fixed}, as the layer was built for, "
                f"got {x.shape[2]}"
            )
        batch, time, _, channels = ops.shape(x)
        return ops.reshape(x, (batch, time, self._fixed * channels))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the output, bool ``(batch, time)``."""
        x, sizes = _pair(inputs)
        if not isinstance(x, keras.KerasTensor):
            x = ops.convert_to_tensor(x)
        sizes = checked_sizes(sizes, x)
        if self.order == "cells":
            return mask_from_lengths(sizes[:, 0] * sizes[:, 1], self._flatten(x[..., 0]))
        if self.order == "columns":
            x, sizes = ops.transpose(x, (0, 2, 1, 3)), ops.flip(sizes, axis=1)
        return mask_from_lengths(sizes[:, 0] * ops.cast(sizes[:, 1] > 0, "int32"), x)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """Return ``(batch, time, features)``."""
        fixed = self._checked_shape(input_shape)
        batch, height, width, channels = input_shape[0]
        if self.order == "cells":
            cells = None if height is None or width is None else height * width
            return (batch, cells, channels)
        time = width if self.order == "columns" else height
        return (batch, time, channels if self.across != "flatten" else fixed * channels)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "order": self.order, "across": self.across}

    def _cells(self, x: Any, sizes: Any) -> Any:
        batch, height, width, channels = ops.shape(x)
        x = ops.reshape(x, (batch, height * width, channels))
        real = mask_from_lengths(sizes[:, 0] * sizes[:, 1], x)
        step = ops.cumsum(ops.ones_like(real, dtype="int32"), axis=1) - 1
        wide = ops.maximum(sizes[:, 1:], 1)
        place = ops.floor_divide(step, wide) * width + ops.mod(step, wide)
        place = ops.where(real, place, ops.zeros_like(place))
        x = ops.take_along_axis(x, place[:, :, None], axis=1)
        return ops.where(real[:, :, None], x, ops.zeros_like(x))

    def _axis(self) -> str:
        return "height" if self.order == "columns" else "width"

    def _checked_shape(self, input_shape: Any) -> int | None:
        """Check the shapes of a pair; return the length of the axis that is flattened, or None."""
        shape, _ = _pair(input_shape)
        if len(shape) != 4:
            raise ValueError(
                "feature_map: expected (batch, height, width, channels), got shape "
                f"{tuple(shape)}; an image without channels gets one by image[..., None]"
            )
        if self.across != "flatten":
            return None
        fixed = shape[1 if self.order == "columns" else 2]
        if fixed is None or shape[3] is None:
            missing = self._axis() if fixed is None else "number of channels"
            raise ValueError(
                f"feature_map: expected a fixed {missing} with across='flatten', got shape "
                f"{tuple(shape)}; take across='mean' or 'max', or fix the {missing} in keras.Input"
            )
        return fixed


def checked_sizes(sizes: Any, feature_map: Any) -> Any:
    """Check the sizes of the images in a padded feature map.

    Args:
        sizes: Integers ``(batch, 2)``: an array, a tensor, or a symbolic tensor.
        feature_map: ``(batch, height, width, channels)``, each of which may be None.

    Returns:
        int32 tensor ``(batch, 2)``.

    Raises:
        TypeError: ``sizes`` are not integers.
        ValueError: Another shape, or a size below 0 or larger than the map.
    """
    sizes = as_sizes(sizes)
    if len(sizes.shape) != 2:
        raise ValueError(f"sizes: expected (batch, 2), got shape {tuple(sizes.shape)}")
    check_sizes(sizes, *feature_map.shape[1:3])
    return sizes


def _pair(inputs: Any) -> Any:
    one = not isinstance(inputs, list | tuple) or isinstance(inputs[-1], int | None)  # or its shape
    if one or len(inputs) != 2:
        got = "one tensor" if one else f"{len(inputs)} of them"
        raise ValueError(f"inputs: expected a pair [feature_map, sizes], got {got}")
    return inputs
