"""A stack of image layers that knows how large each image of a padded batch is."""

from typing import Any

import keras
from keras import layers, ops

from helpers.images.paths import Step, after_rule, read_paths
from helpers.images.rules import CONVOLUTIONS, JOINING, POOLINGS, named, window_spans
from helpers.images.sizes import as_sizes, check_sizes, smallest_size
from helpers.tensors import NamesNested

_CHANNELS = (layers.Softmax, layers.BatchNormalization, layers.LayerNormalization)
_CHANNELS += (layers.RMSNormalization, layers.UnitNormalization, layers.Normalization)


@keras.saving.register_keras_serializable("ragged_edges")
class SizedStack(NamesNested, layers.Layer):
    """Convolution and pooling over images of varying size, padded to one batch.

    Keras's own layers let padding into the last real cells, and batch normalisation counts it.
    This layer runs the same layers one after the other and keeps padding out of each, so an image
    comes out as if it were alone and unpadded.

    * Before a convolution padded cells are 0, as beyond the edge of an image that is alone. Before
      max pooling they become minus infinity. Average pooling divides by the number of real
      cells. What the padding held, NaN too, has no influence on outputs and gradients.
    * `BatchNormalization` takes its statistics from real cells alone: it gets their mask.
    * The map has `output_sizes` real cells of each image. The others are 0.

    Padding is below and to the right. An image with a size of 0 has no cell: its map is 0 and its
    size (0, 0). So is a too small image inside a compiled function, where sizes have no values;
    anywhere else it is an error.

    A program that only loads a saved model must import `SizedStack` first.

    Args:
        layers: As for `output_sizes`, but one chain: of a network that branches `output_sizes`
            says how much of the map is real. Of a model it takes the layers, with their weights.
        **kwargs: ``name`` and the like, as for any layer.

    Raises:
        TypeError: A layer is not one that `output_sizes` knows.
        ValueError: Paths meet; a layer has channels first; or padding ``"same"`` with strides above
            1 and a window of more than 2 cells: there Keras starts the first window outside the
            image, how far depends on the size of the padded batch, and nothing mends that. Take
            ``ZeroPadding2D`` and ``"valid"``. Or a layer looks along rows or columns otherwise: a
            normalisation or softmax over them, `PReLU` without ``shared_axes=[1, 2]``,
            `UpSampling2D` with interpolation, or an activity regulariser.

    Example:
        >>> images = keras.Input((None, None, 1))
        >>> sizes = keras.Input((2,), dtype="int32", name="sizes")
        >>> stack = SizedStack([layers.Conv2D(8, 3, padding="same"), layers.MaxPooling2D(2)])
        >>> feature_map, map_sizes = stack([images, sizes])
        >>> feature_map.shape, map_sizes.shape
        ((None, None, None, 8), (None, 2))
    """

    def __init__(self, layers: Any, **kwargs: Any):
        super().__init__(**kwargs)
        steps = _chain(layers)
        self.layers = [step.layer for step in steps]
        self._rules = tuple(step.rule for step in steps)
        for layer in self.layers:
            _check_layer(layer)

    def build(self, input_shape: Any) -> None:
        """Build each layer for the map that reaches it."""
        shape = tuple(_check_shapes(input_shape)[0])
        self._check_batch(shape)
        for layer in self.layers:
            if not layer.built:
                layer.build(shape)
            shape = tuple(layer.compute_output_shape(shape))

    def call(self, inputs: Any, training: Any = None) -> list:
        """Run the layers on the real part of each image.

        Args:
            inputs: ``[images, sizes]``: ``(batch, height, width, channels)``, and integers
                ``(batch, 2)``.
            training: Keras fills it in; the layers inside get it from Keras.

        Returns:
            ``[feature_map, map_sizes]``: ``(batch, new height, new width, channels)``, 0 where not
            real, and int32 ``(batch, 2)``.

        Raises:
            TypeError: Sizes are not integers.
            ValueError: The inputs have other shapes, or the whole batch is too small for the
                layers; or, where sizes have values, one is below 0 or larger than the batch, or
                nothing is left of an image.
        """
        whole = isinstance(inputs, list | tuple)
        _check_shapes([tuple(x.shape) for x in inputs] if whole else tuple(inputs.shape))
        x, sizes = inputs
        sizes = as_sizes(sizes)
        check_sizes(sizes, x.shape[1], x.shape[2], self.layers)
        self._check_batch(x.shape)
        if not keras.backend.is_float_dtype(x.dtype):
            x = ops.cast(x, self.compute_dtype)
        sizes = after_rule(None, sizes)
        real = _real(x, sizes)
        x = _fill(x, real, 0.0)
        for layer, rule in zip(self.layers, self._rules, strict=True):
            if isinstance(layer, layers.BatchNormalization):
                x = layer(x, mask=real)
            elif isinstance(layer, layers.MaxPooling2D):
                x = layer(_fill(x, real, float("-inf")))
            elif isinstance(layer, layers.AveragePooling2D) and layer.padding == "same":
                x = _average(layer, x, real)
            else:
                x = layer(x)
            if rule is not None:
                sizes = after_rule(rule, sizes)
                real = _real(x, sizes)
            x = _fill(x, real, 0.0)
        return [x, sizes]

    def compute_output_shape(self, input_shape: Any) -> list[tuple]:
        """Return the shapes of the map and of its sizes."""
        shape, sizes = _check_shapes(input_shape)
        for layer in self.layers:
            shape = layer.compute_output_shape(tuple(shape))
        return [tuple(shape), tuple(sizes)]

    def compute_output_spec(self, inputs: Any, training: Any = None) -> list:
        """Return the map and its sizes as symbolic tensors."""
        as_sizes(inputs[1])
        shape, sizes = self.compute_output_shape([x.shape for x in inputs])
        dtype = self.layers[-1].compute_dtype
        return [keras.KerasTensor(shape, dtype=dtype), keras.KerasTensor(sizes, dtype="int32")]

    def get_config(self) -> dict:
        """Return what `from_config` needs."""
        held = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": held}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "SizedStack":
        """Make the layer from what `get_config` gave."""
        config = dict(config)
        config["layers"] = [
            keras.saving.deserialize_keras_object(layer, custom_objects=custom_objects)
            for layer in config["layers"]
        ]
        return cls(**config)

    def _check_batch(self, shape: Any) -> None:
        least = smallest_size(self.layers)
        for axis, most in enumerate(tuple(shape)[1:3]):
            if most is not None and most < least[axis]:
                raise ValueError(
                    f"inputs: expected images padded to at least {least[0]} x {least[1]} (height x "
                    f"width) for these layers, got {('height', 'width')[axis]} {most}"
                )


def _chain(layers: Any) -> list[Step]:
    steps = read_paths(layers).steps
    for step in steps:
        if isinstance(step.layer, JOINING) or not isinstance(step.layer, keras.Layer):
            raise ValueError(
                f"layers: expected one chain of layers, got {named(step.layer)}; call such a model "
                "on the images alone, and output_sizes(model, sizes) is how much of its map is real"
            )
    return steps


def _check_layer(layer: layers.Layer) -> None:
    name = named(layer)
    if isinstance(layer, (*CONVOLUTIONS, *POOLINGS)) and layer.padding == "same":
        # Span 2 pads 0 cells in front, or would pad half a cell: the first window starts at 0.
        spans = window_spans(layer)
        if any(stride > 1 and span > 2 for stride, span in zip(layer.strides, spans, strict=True)):
            raise ValueError(
                f"layers: expected padding 'valid' with strides={tuple(layer.strides)}, got 'same' "
                f"in {name}; where its windows start depends on how far the batch is padded, and "
                "nothing mends that; put ZeroPadding2D before it"
            )
    if isinstance(layer, _CHANNELS):
        axis = layer.axis
        if axis not in (-1, 3, [-1], [3], (-1,), (3,), ()):
            raise ValueError(f"layers: expected axis -1, the channels, got {axis} in {name}")
    if isinstance(layer, layers.PReLU) and not {1, 2} <= set(layer.shared_axes or ()):
        raise ValueError(f"layers: expected shared_axes=[1, 2], got {layer.shared_axes} in {name}")
    if isinstance(layer, layers.UpSampling2D) and layer.interpolation != "nearest":
        raise ValueError(
            f"layers: expected interpolation 'nearest', got {layer.interpolation!r} in {name}; "
            "it mixes the last cells with the padding"
        )
    if getattr(layer, "activity_regularizer", None) is not None:
        raise ValueError(
            f"layers: expected no activity_regularizer, got one in {name}; it counts the padding"
        )


def _check_shapes(shapes: Any) -> Any:
    ranks = [len(shape) for shape in shapes if isinstance(shape, list | tuple)]
    if ranks == [4, 2]:
        (batch, *_), (rows, pair) = shapes
        if pair == 2 and (batch == rows or batch is None or rows is None):
            return shapes
    raise ValueError(
        "inputs: expected [images, sizes] of shapes (batch, height, width, channels) and "
        f"(batch, 2), got {[tuple(s) if isinstance(s, list | tuple) else s for s in shapes]}"
    )


def _real(x: Any, sizes: Any) -> Any:
    """Mask ``(batch, height, width)`` of the cells inside the sizes."""
    height, width = ops.shape(x)[1:3]
    rows = ops.less(ops.arange(height, dtype="int32")[None], sizes[:, :1])
    columns = ops.less(ops.arange(width, dtype="int32")[None], sizes[:, 1:])
    return ops.logical_and(rows[:, :, None], columns[:, None, :])


def _fill(x: Any, real: Any, value: float) -> Any:
    return ops.where(real[..., None], x, ops.cast(value, x.dtype))


def _average(layer: layers.AveragePooling2D, x: Any, real: Any) -> Any:
    # Written out because Keras on PyTorch pads "same" pooling with copies of the edge.
    pads = [(0, 0), *(((size - 1) // 2, size // 2) for size in layer.pool_size), (0, 0)]
    counts = ops.cast(real, x.dtype)[..., None]
    options = {"pool_size": layer.pool_size, "strides": layer.strides, "padding": "valid"}
    options["data_format"] = "channels_last"
    means = ops.average_pool(ops.pad(x, pads), **options)
    return ops.divide_no_nan(means, ops.average_pool(ops.pad(counts, pads), **options))
