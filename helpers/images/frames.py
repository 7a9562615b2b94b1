"""A layer for every frame of a clip, right on every version of Keras."""

from typing import Any

import keras
from keras import layers, ops, tree

from helpers.tensors import NamesNested


@keras.saving.register_keras_serializable("ragged_edges")
class PerFrame(NamesNested, layers.Wrapper):
    """Apply a layer or a model to every frame of ``(batch, time, ...)``.

    It folds time into the batch, calls the layer once for all frames, and unfolds. That is what
    ``keras.layers.TimeDistributed`` is for. But in Keras 3.14.0 to 3.15.1 on TensorFlow, with a
    time axis that is None, `TimeDistributed` computes as many frames as the batch has rows from
    the second length on, and mostly no error says so.

    A mask ``(batch, time)`` is passed on. Floats in frames of padding are set to 0 before the
    layer, and its output there is 0, so NaN in the padding has no influence. The layer itself
    gets no mask: a `BatchNormalization` in it counts frames of padding in its statistics while it
    trains.

    Inputs may be a list, such as frames and their sizes: then each has batch and time in front,
    and the layer gets the list. It must give one output.

    A program that only loads a saved model must import this class first.

    Args:
        layer: A layer or model for a batch of frames, ``(frames, ...)``.
        **kwargs: ``name`` and the like, as for any layer.

    Raises:
        TypeError: ``layer`` is not a layer.
        ValueError: When called: inputs without a time axis, or a layer with several outputs.

    Source: https://github.com/keras-team/keras, ``keras/src/layers/rnn/time_distributed.py``.

    Example:
        >>> model = keras.Sequential([
        ...     keras.Input((None, 8, 8, 1)),
        ...     PerFrame(layers.Conv2D(4, 3)),
        ...     PerFrame(layers.GlobalAveragePooling2D()),
        ...     layers.LSTM(2),
        ... ])
        >>> model.layers[1].output.shape
        (None, None, 4)
    """

    def __init__(self, layer: keras.Layer, **kwargs: Any):
        if not isinstance(layer, keras.Layer):
            raise TypeError(f"layer: expected a layer or a model, got {type(layer).__name__}")
        super().__init__(layer, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Build the layer for a batch of frames."""
        super().build(tree.map_shape_structure(_folded_shape, input_shape))
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Apply the layer to each frame.

        Args:
            inputs: ``(batch, time, ...)``, or a list of such tensors.
            mask: bool ``(batch, time)`` or None; Keras fills it in.

        Returns:
            ``(batch, time, ...)``, 0 in frames that the mask leaves out.
        """
        real = _first(mask)
        batch, time = ops.shape(tree.flatten(inputs)[0])[:2]
        outputs = _one(self.layer(tree.map_structure(lambda x: _fold(x, real), inputs)))
        outputs = ops.reshape(outputs, (batch, time, *ops.shape(outputs)[1:]))
        return outputs if real is None else _fill(outputs, real)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the frames, or None if there is none."""
        return _first(mask)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """Return ``(batch, time, ...)``, the layer's output shape behind batch and time."""
        folded = tree.map_shape_structure(_folded_shape, input_shape)
        first = input_shape[0] if isinstance(input_shape[0], list | tuple) else input_shape
        return (*first[:2], *self.layer.compute_output_shape(folded)[1:])

    def compute_output_spec(self, inputs: Any, mask: Any = None) -> Any:
        """Return shape and dtype of the output; it keeps the dtypes of all inputs."""
        folded = tree.map_structure(
            lambda x: keras.KerasTensor(_folded_shape(x.shape), dtype=x.dtype), inputs
        )
        output = _one(self.layer.compute_output_spec(folded))
        shape = (*tree.flatten(inputs)[0].shape[:2], *output.shape[1:])
        return keras.KerasTensor(shape, dtype=output.dtype)


def _folded_shape(shape: tuple | None) -> tuple:
    if shape is None or len(shape) < 2:
        got = "None" if shape is None else f"shape {tuple(shape)}"
        raise ValueError(f"inputs: expected (batch, time, ...), got {got}")
    return (None, *shape[2:])


def _fold(x: Any, real: Any) -> Any:
    if real is not None and keras.backend.is_float_dtype(x.dtype):
        x = _fill(x, real)
    batch, time, *rest = ops.shape(x)
    return ops.reshape(x, (batch * time, *rest))


def _fill(x: Any, real: Any) -> Any:
    real = ops.reshape(real, (*ops.shape(real), *[1] * (len(x.shape) - 2)))
    return ops.where(real, x, ops.zeros_like(x))


def _first(mask: Any) -> Any:
    """The mask of the frames: that of the first input that has one."""
    masks = [one for one in tree.flatten(mask) if one is not None]
    return ops.cast(masks[0], "bool") if masks else None


def _one(outputs: Any) -> Any:
    flat = tree.flatten(outputs)
    if len(flat) != 1:
        raise ValueError(f"layer: expected one output, got {len(flat)}")
    return flat[0]
