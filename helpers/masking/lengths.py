"""Lengths, masks and the layers that drop them: convolution and pooling over time.

A mask is bool ``(batch, time)``, True where a timestep is real. A length is the number of real
timesteps of a row.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from helpers.arguments import choice, integer, is_integer, plain_array, shown
from helpers.padding import SIDES
from helpers.tensors import INT32, NamesNested, as_int32, dtype_name, sizes_agree, values

PADDINGS = ("valid", "same", "causal")
CONVOLUTIONS = (layers.Conv1D, layers.SeparableConv1D, layers.DepthwiseConv1D)
POOLINGS = (layers.MaxPooling1D, layers.AveragePooling1D)
KEPT = (*CONVOLUTIONS, *POOLINGS, layers.GlobalMaxPooling1D)


def mask_from_lengths(lengths: Any, steps: Any, side: str = "post") -> Any:
    """Make the mask of rows padded to ``steps`` timesteps.

    Args:
        lengths: Integers ``(batch,)``, 0 to ``steps``: an array, a tensor, or a symbolic tensor.
        steps: Timesteps of the padded batch; or the padded batch ``(batch, time, ...)`` itself,
            which a functional model needs as long as its time axis is None.
        side: ``"post"`` if the padding is behind the rows, ``"pre"`` if before them.

    Returns:
        bool tensor ``(batch, steps)``, True where a timestep is real.

    Raises:
        TypeError: ``lengths`` are not integers, or ``steps`` is not one.
        ValueError: ``lengths`` has another rank, ``side`` is unknown, or a length is below 0 or
            above ``steps``. Inside a compiled function lengths have no values yet and are not
            compared; there a length above ``steps`` makes the whole row real.

    Example:
        >>> keras.ops.convert_to_numpy(mask_from_lengths([2, 0], 3)).tolist()
        [[True, True, False], [False, False, False]]
    """
    choice("side", side, SIDES)
    batch = steps if len(getattr(steps, "shape", ())) > 1 else None
    if batch is not None:
        steps = batch.shape[1]
    elif is_integer(steps):
        steps = integer("steps", steps, minimum=0, maximum=int(INT32.max))
    elif isinstance(steps, np.ma.MaskedArray) or not _is_integer(steps):
        raise TypeError(f"steps: expected an integer or a padded batch, got {shown(steps)}")
    lengths = _as_lengths(lengths)
    if batch is not None and not sizes_agree(lengths.shape, batch.shape[:1]):
        raise ValueError(
            f"lengths: expected one for each of the {batch.shape[0]} rows of steps, "
            f"got {lengths.shape[0]}"
        )
    known, longest = values(lengths), None if steps is None else values(steps)
    if known is not None and longest is not None:
        wrong = (known < 0) | (known > longest)
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(
                f"lengths: expected 0 to steps={int(longest)}, got {known[row]} in row {row}"
            )
    if batch is None:
        step = ops.arange(steps, dtype="int32")[None, :]
    else:  # counted along the batch: its number of steps may be known only when it runs
        ones = ops.ones_like(batch[(..., *[0] * (len(batch.shape) - 2))], dtype="int32")
        step, steps = ops.cumsum(ones, axis=1) - 1, ops.sum(ones, axis=1, keepdims=True)
    lengths = lengths[:, None]
    if side == "post":
        return ops.less(step, lengths)
    return ops.greater_equal(ops.add(step, lengths), steps)


def lengths_from_mask(mask: Any) -> Any:
    """Count the real timesteps of each row, wherever in the row they are.

    Args:
        mask: bool ``(batch, time)``: an array, a tensor, or a symbolic tensor.

    Returns:
        int32 tensor ``(batch,)``.

    Raises:
        TypeError: ``mask`` is not bool.
        ValueError: ``mask`` has another rank.

    Example:
        >>> keras.ops.convert_to_numpy(
        ...     lengths_from_mask(np.array([[True, True, False], [False, False, False]]))
        ... ).tolist()
        [2, 0]
    """
    if not (isinstance(mask, keras.KerasTensor | keras.Variable) or ops.is_tensor(mask)):
        mask = plain_array("mask", mask)
    if dtype_name(mask.dtype) != "bool":
        raise TypeError(f"mask: expected bool, got dtype {mask.dtype}")
    mask = mask if isinstance(mask, keras.KerasTensor) else ops.convert_to_tensor(mask)
    if len(mask.shape) != 2:
        raise ValueError(f"mask: expected (batch, time), got shape {tuple(mask.shape)}")
    return ops.sum(ops.cast(mask, "int32"), axis=1)


def strided_lengths(
    lengths: Any,
    kernel_size: int,
    strides: int = 1,
    padding: str = "valid",
    dilation_rate: int = 1,
) -> Any:
    """Compute how many real timesteps are left after a convolution or a pooling over time.

    With ``span = dilation_rate * (kernel_size - 1) + 1``, the timesteps one output step sees::

        "valid":            max(0, floor((length - span) / strides) + 1)
        "same", "causal":   ceil(length / strides)

    These are Keras's own output lengths (``compute_output_shape`` of its layers), taken for each
    row. With ``"valid"`` a row shorter than ``span`` has none left.

    Args:
        lengths: Integers ``(batch,)``: an array, a tensor, or a symbolic tensor.
        kernel_size: The layer's ``kernel_size`` or ``pool_size``.
        strides: The layer's ``strides``; a pooling layer's default is its ``pool_size``.
        padding: ``"valid"``, ``"same"`` or ``"causal"``.
        dilation_rate: The layer's ``dilation_rate``.

    Returns:
        int32 tensor ``(batch,)``.

    Raises:
        TypeError: ``lengths`` or one of the numbers is not an integer.
        ValueError: A number is below 1, a length below 0, ``padding`` is unknown, or ``lengths``
            has another rank.

    Example:
        >>> keras.ops.convert_to_numpy(strided_lengths([9, 4, 2], 3, strides=2)).tolist()
        [4, 1, 0]
    """
    for name, number in (
        ("kernel_size", kernel_size),
        ("strides", strides),
        ("dilation_rate", dilation_rate),
    ):
        integer(name, number, minimum=1)
    choice("padding", padding, PADDINGS)
    lengths = _as_lengths(lengths)
    known = values(lengths)
    if known is not None and (known < 0).any():
        row = int((known < 0).argmax())
        raise ValueError(f"lengths: expected at least 0, got {known[row]} in row {row}")
    # int(): in Keras a NumPy integer would widen int32
    span = int(dilation_rate) * (int(kernel_size) - 1) + 1 if padding == "valid" else 1
    if span > INT32.max:
        raise ValueError(
            f"kernel_size: expected a window of at most {INT32.max} steps, got {shown(span)} of "
            f"them with dilation_rate={shown(dilation_rate)}"
        )
    steps = ops.floor_divide(lengths - span, min(int(strides), int(INT32.max))) + 1
    return ops.cast(ops.where(lengths >= span, steps, 0), "int32")


@keras.saving.register_keras_serializable("ragged_edges")
class KeepMask(NamesNested, layers.Wrapper):
    """A convolution or pooling over time that uses the mask and passes it on.

    Keras's own layers let padding into the last real steps, then drop the mask with a warning.
    This wrapper shuts padding out, so each row comes out as if it were alone and unpadded.

    * What the padding holds, NaN too, has no influence: it is 0 before a convolution, -inf before
      max pooling, and average pooling divides by the number of real steps.
    * The output's mask has ``strided_lengths`` real steps a row. The other output steps are 0.
    * Padding may be behind the rows, before them or both. With strides above 1 it comes out behind
      the rows, since strides must not start in the padding.
    * A masked step between real ones counts as padding. With padding ``"valid"`` an output step is
      real if all steps it sees are; with ``"same"`` and ``"causal"`` if that at its own place is.
    * `GlobalMaxPooling1D` takes the maximum of the real steps. It consumes the mask; a row without
      a real step gives 0.

    A row shorter than the window of a ``"valid"`` layer has no real step left; of it
    `GlobalAveragePooling1D` makes NaN. A program that only loads a saved model must import
    `KeepMask` first.

    Args:
        layer: `Conv1D`, `SeparableConv1D`, `DepthwiseConv1D`, `MaxPooling1D`, `AveragePooling1D`
            or `GlobalMaxPooling1D`, with channels last.
        **kwargs: ``name`` and the like, as for any layer.

    Raises:
        TypeError: ``layer`` is not one of these.
        ValueError: The layer has channels first, or padding ``"same"`` with strides above 1 and a
            window of more than 2 steps: there Keras starts the first window by the length of the
            padded batch, which no mask mends. Take ``"valid"`` or ``"causal"``.

    Example:
        >>> model = keras.Sequential([
        ...     keras.Input((None, 3)),
        ...     layers.Masking(),
        ...     KeepMask(layers.Conv1D(8, 3, strides=2)),
        ...     layers.LSTM(4),
        ... ])
        >>> model.output_shape
        (None, 4)
    """

    def __init__(self, layer: layers.Layer, **kwargs: Any):
        _check_layer(layer)
        super().__init__(layer, **kwargs)
        if isinstance(layer, layers.GlobalMaxPooling1D):
            return
        window = layer.pool_size if isinstance(layer, POOLINGS) else layer.kernel_size
        self._window = window[0]
        self._strides = layer.strides[0]
        self._dilation = 1 if isinstance(layer, POOLINGS) else layer.dilation_rate[0]
        # Span 2 pads 0 steps in front, or would pad half a step: the first window starts at 0.
        span = self._dilation * (self._window - 1) + 1
        if layer.padding == "same" and self._strides > 1 and span > 2:
            raise ValueError(
                f"layer: expected padding 'valid' or 'causal' with strides={self._strides}, got "
                "'same'; where its windows start depends on how far the batch is padded, and no "
                "mask mends that"
            )

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Apply the layer to the real steps.

        Args:
            inputs: ``(batch, time, features)``, floats.
            mask: bool ``(batch, time)`` or None; Keras fills it in.

        Returns:
            ``(batch, new time, features)``, 0 where not real, or ``(batch, features)``.
        """
        if mask is None:
            return self.layer(inputs)
        mask = _checked_mask(mask, inputs)
        if isinstance(self.layer, layers.GlobalMaxPooling1D):
            outputs = self.layer(_fill(inputs, mask, float("-inf")))
            some = ops.any(mask, axis=1)
            return _fill(outputs, some[:, None] if self.layer.keepdims else some, 0.0)
        index = self._to_front(mask)
        if index is not None:
            inputs = ops.take_along_axis(inputs, index[:, :, None], axis=1)
            mask = ops.take_along_axis(mask, index, axis=1)
        if isinstance(self.layer, layers.MaxPooling1D):
            outputs = self.layer(_fill(inputs, mask, float("-inf")))
        elif isinstance(self.layer, layers.AveragePooling1D):
            outputs = self._average(_fill(inputs, mask, 0.0), mask)
        else:
            outputs = self.layer(_fill(inputs, mask, 0.0))
        return _fill(outputs, self._real(mask), 0.0)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the output, bool ``(batch, new time)``, or None if there is none."""
        if mask is None or isinstance(self.layer, layers.GlobalMaxPooling1D):
            return None
        mask = _checked_mask(mask, inputs)
        index = self._to_front(mask)
        return self._real(mask if index is None else ops.take_along_axis(mask, index, axis=1))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the wrapped layer's output shape."""
        return self.layer.compute_output_shape(input_shape)

    def _to_front(self, mask: Any) -> Any:
        """Index ``(batch, time)`` that moves each row's first real step to step 0, or None."""
        if self._strides == 1:
            return None
        ones = ops.ones_like(mask, dtype="int32")  # not arange: time may be None here
        first = ops.argmax(ops.cast(mask, "int32"), axis=1)
        index = ops.cumsum(ones, axis=1) - 1 + ops.cast(first, "int32")[:, None]
        return ops.mod(index, ops.sum(ones, axis=1, keepdims=True))

    def _real(self, mask: Any) -> Any:
        """Which output steps are real, from the mask of the layer's input."""
        if self.layer.padding != "valid":
            return mask[:, :: self._strides]
        real, span = None, self._dilation * (self._window - 1) + 1
        for tap in range(0, span, self._dilation):
            seen = mask[:, tap : tap + 1 - span or None : self._strides]
            real = seen if real is None else ops.logical_and(real, seen)
        return real

    def _average(self, inputs: Any, mask: Any) -> Any:
        # Written out because Keras on PyTorch pads "same" pooling with copies of the edge.
        if self.layer.padding == "same":
            left = (self._window - 1) // 2
            pad = (left, self._window - 1 - left)
            inputs = ops.pad(inputs, ((0, 0), pad, (0, 0)))
            mask = ops.pad(mask, ((0, 0), pad))
        counts = ops.cast(mask, inputs.dtype)[:, :, None]
        options = {"pool_size": self._window, "strides": self._strides, "padding": "valid"}
        options["data_format"] = "channels_last"
        means, shares = ops.average_pool(inputs, **options), ops.average_pool(counts, **options)
        return ops.divide_no_nan(means, shares)


def _check_layer(layer: Any) -> None:
    if not isinstance(layer, KEPT):
        names = ", ".join(kind.__name__ for kind in KEPT)
        own = "; it takes the mask itself" if getattr(layer, "supports_masking", False) else ""
        raise TypeError(f"layer: expected one of {names}, got {type(layer).__name__}{own}")
    if layer.data_format != "channels_last":
        raise ValueError(f"layer: expected data_format 'channels_last', got {layer.data_format!r}")


def _checked_mask(mask: Any, inputs: Any) -> Any:
    if len(mask.shape) != 2:
        raise ValueError(f"mask: expected (batch, time), got shape {tuple(mask.shape)}")
    if not keras.backend.is_float_dtype(inputs.dtype):
        raise TypeError(f"inputs: expected floats, got dtype {inputs.dtype}")
    return ops.cast(mask, "bool")


def _fill(x: Any, mask: Any, value: float) -> Any:
    return ops.where(mask[..., None], x, ops.cast(value, x.dtype))


def _as_lengths(lengths: Any) -> Any:
    lengths = as_int32("lengths", lengths)
    if len(lengths.shape) != 1:
        raise ValueError(f"lengths: expected (batch,), got shape {tuple(lengths.shape)}")
    return lengths


def _is_integer(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    return dtype is not None and tuple(x.shape) == () and "int" in dtype_name(dtype)
