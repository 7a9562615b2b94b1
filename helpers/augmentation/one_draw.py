"""One random draw for everything that belongs together, around Keras's own image layers."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers as keras_layers
from keras import ops

from helpers.arguments import integer
from helpers.tensors import NamesNested, sizes_agree

MOVING = (
    "CenterCrop",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomFlip",
    "RandomPerspective",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
)
VALUES = (
    "AutoContrast",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomErasing",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPosterization",
    "RandomSaturation",
    "RandomSharpness",
    "Rescaling",
    "Solarization",
)
PARTS = ("images", "masks", "boxes", "labels")
AT_INFERENCE = ("CenterCrop", "Resizing")  # they move pixels whether it trains or not
TIE = 0.01  # pixels; halfway between two, the upper or left one counts, whatever rounding does


@keras.saving.register_keras_serializable("ragged_edges")
class OneDraw(NamesNested, keras_layers.Layer):
    """Give all frames of a clip, its masks and its boxes the same random transform.

    Call it with images ``(batch, height, width, channels)``, clips ``(batch, time, height, width,
    channels)``, one image ``(height, width, channels)``, or a dict of ``images``, ``masks`` and
    ``boxes``. Keras's layer is only ever given images; masks and boxes go where the pixels went.
    The page :doc:`Augmenting </book/one-draw>` says how, and why not by Keras's own dict.

    - A mask holds only labels that came in, and ``mask_value`` where the image was filled.
    - A box becomes the bounding rectangle, in whole pixels, of what is left of it in sight; where
      nothing is left, ``0, 0, 0, 0``.
    - It augments unless ``training=False``: by hand, in `tf.data` (on the TensorFlow backend) and
      in `fit`, not in `predict` and `evaluate`. A Keras mask passes through.

    A program that only loads a saved model must import this class first.

    Args:
        layers: A Keras image layer of `MOVING` or `VALUES`, or a list of them, applied in turn.
        mask_value: Label of pixels that the image layer filled, an integer.
        **kwargs: ``name`` and the like, as for any layer.

    Raises:
        TypeError: A layer that is not in `MOVING` or `VALUES`; a ``mask_value`` that is not an
            integer. When called: masks that are not integers or bool, boxes that are not floats.
        ValueError: No layer, or one for channels first. When called: an unknown key, no images,
            another shape, a ``mask_value`` that the masks cannot hold, or what the page lists.

    Source: https://github.com/keras-team/keras,
    ``keras/src/layers/preprocessing/image_preprocessing``.

    Example:
        >>> image = np.array([[[0.0], [5.0], [9.0]], [[0.0], [5.0], [9.0]]], "float32")
        >>> given = {"images": image, "boxes": np.array([[0, 1, 2, 2.0]])}
        >>> drawn = OneDraw(keras.layers.Resizing(4, 6))(given)
        >>> keras.ops.convert_to_numpy(drawn["boxes"]).tolist()
        [[0.0, 2.0, 4.0, 4.0]]
    """

    def __init__(self, layers: Any, *, mask_value: int = 0, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)  # boxes keep their precision, labels their dtype
        layers = list(layers) if isinstance(layers, list | tuple) else [layers]
        if not layers:
            raise ValueError("layers: expected at least one layer, got none")
        for place, layer in enumerate(layers):
            _check_layer(place, layer)
        self.layers = layers
        self.mask_value = integer("mask_value", mask_value)
        self.supports_masking = True
        # Keras says it can be compiled, but XLA does not know the size of its kernel
        if any(_is_one(layer, ["RandomElasticTransform"]) for layer in layers):
            self.supports_jit = False

    def call(self, inputs: Any, training: bool = True) -> Any:
        """Draw once, and apply.

        Args:
            inputs: Images ``(height, width, channels)``, ``(batch, height, width, channels)`` or
                ``(batch, time, height, width, channels)``. Integers become floats before the
                first layer, 255 becomes 255.0: their values are not rescaled. Or a dict of
                ``images`` and any of ``masks``, integers or booleans shaped as the images without
                channels; ``boxes``, floats ``([batch, [time,]] regions, 4)``: top, left, bottom,
                right in pixels; ``labels``, tensors that pass through.
            training: False applies only what Keras's layers do when they do not train.

        Returns:
            The images in the layer's compute dtype, or a new dict: masks in their own dtype,
            boxes in float32.
        """
        parts = self._checked(inputs)
        rank = len(parts["images"].shape)
        images = ops.cast(parts["images"], self.compute_dtype)
        images = images[None] if rank == 3 else images
        height, width = ops.shape(images)[-3:-1]
        followed = "masks" in parts or "boxes" in parts
        source = None
        for layer in self.layers:
            if not _is_one(layer, MOVING):
                images = _change_values(layer, images, training)
                continue
            if not training and not _is_one(layer, AT_INFERENCE):
                continue
            if followed and source is None:
                source = _every_pixel(images)
            images, source = _move_pixels(layer, images, source, training)
        images = ops.cast(images, self.compute_dtype)
        outputs = dict(parts, images=images[0] if rank == 3 else images)
        if "boxes" in parts:
            outputs["boxes"] = ops.cast(parts["boxes"], "float32")
        if source is not None:
            real, y, x = _where_from(source, height, width)
            if "masks" in parts:
                masks = parts["masks"][None] if rank == 3 else parts["masks"]
                masks = _read_masks(masks, real, y, x, self.mask_value)
                outputs["masks"] = masks[0] if rank == 3 else masks
            if "boxes" in parts:
                boxes = outputs["boxes"][None] if rank == 3 else outputs["boxes"]
                boxes = _bounding_boxes(boxes, real, y, x)
                outputs["boxes"] = boxes[0] if rank == 3 else boxes
        return outputs if isinstance(inputs, dict) else outputs["images"]

    def build(self, input_shape: Any) -> None:
        """Build the layers."""
        shape = _parts(input_shape)["images"]
        for layer in self.layers:
            if not layer.built:
                layer.build((None, *shape[-3:]))
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the Keras mask of the inputs."""
        return mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the output, sized as Keras's layers say."""
        shapes = _parts(input_shape)
        for name, place in (("images", -3), ("masks", -2)):
            if name in shapes:
                shapes[name] = self._resized(tuple(shapes[name]), place)
        return shapes if isinstance(input_shape, dict) else shapes["images"]

    def compute_output_spec(self, inputs: Any, training: bool = True) -> Any:
        """Return shapes and dtypes of the output."""
        parts = self._checked(inputs)
        specs = dict(parts)
        shape = self._resized(tuple(parts["images"].shape), -3)
        specs["images"] = keras.KerasTensor(shape, dtype=self.compute_dtype)
        if "masks" in parts:
            shape = self._resized(tuple(parts["masks"].shape), -2)
            specs["masks"] = keras.KerasTensor(shape, dtype=parts["masks"].dtype)
        if "boxes" in parts:
            specs["boxes"] = keras.KerasTensor(tuple(parts["boxes"].shape), dtype="float32")
        return specs if isinstance(inputs, dict) else specs["images"]

    def get_config(self) -> dict:
        """Return the arguments."""
        layers = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": layers, "mask_value": self.mask_value}

    @classmethod
    def from_config(cls, config: dict) -> "OneDraw":
        """Make the layer from its arguments."""
        layers = [keras.saving.deserialize_keras_object(layer) for layer in config["layers"]]
        return cls(**{**config, "layers": layers})

    def _resized(self, shape: tuple, place: int) -> tuple:
        """``shape`` with the height and width, at ``place`` and behind it, of the output."""
        height, width = shape[place], shape[place + 1]
        for layer in self.layers:
            if _is_one(layer, MOVING):
                height, width = layer.compute_output_shape((None, height, width, 1))[1:3]
        return (*shape[:place], height, width, *(shape[-1:] if place == -3 else ()))

    def _checked(self, inputs: Any) -> dict[str, Any]:
        """The parts, as tensors; raises what the class says."""
        parts = _parts(inputs)
        for name in ("images", "masks", "boxes"):
            if name in parts and not isinstance(parts[name], keras.KerasTensor):
                parts[name] = ops.convert_to_tensor(parts[name])
        shape = tuple(parts["images"].shape)
        if len(shape) not in (3, 4, 5):
            raise ValueError(
                "images: expected (height, width, channels), (batch, height, width, channels) or "
                f"(batch, time, height, width, channels), got shape {shape}"
            )
        if "masks" in parts:
            self._check_masks(parts["masks"], shape)
        if "boxes" in parts:
            self._check_boxes(parts["boxes"], shape)
        if "masks" in parts or "boxes" in parts:
            self._check_layers("boxes" in parts)
        return parts

    def _check_masks(self, masks: Any, images: tuple) -> None:
        dtype, shape = keras.backend.standardize_dtype(masks.dtype), tuple(masks.shape)
        if "int" not in dtype and dtype != "bool":
            raise TypeError(f"masks: expected integers or booleans, got dtype {dtype}")
        if len(shape) != len(images) - 1 or not sizes_agree(shape, images):
            raise ValueError(
                f"masks: expected the images' shape without channels, {images[:-1]}, got {shape}"
            )
        low, high = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if not low <= self.mask_value <= high:
            raise ValueError(
                f"mask_value: expected {low} to {high} for masks of dtype {dtype}, "
                f"got {self.mask_value}"
            )

    def _check_boxes(self, boxes: Any, images: tuple) -> None:
        dtype, shape = keras.backend.standardize_dtype(boxes.dtype), tuple(boxes.shape)
        if "float" not in dtype:
            raise TypeError(f"boxes: expected floats, got dtype {dtype}")
        if len(shape) != len(images) - 1 or not sizes_agree(shape, (*images[:-3], None, 4)):
            names = ("batch, ", "time, ")[: len(images) - 3]
            raise ValueError(
                f"boxes: expected ({''.join(names)}regions, 4) for images of shape {images}, "
                f"got {shape}"
            )

    def _check_layers(self, boxes: bool) -> None:
        for place, layer in enumerate(self.layers):
            if not _is_one(layer, MOVING):
                continue
            name, mode = type(layer).__name__, getattr(layer, "fill_mode", "constant")
            if layer.compute_dtype != "float32":
                raise ValueError(
                    f"layers[{place}]: expected a layer that computes in float32, with masks or "
                    f"boxes, got {name} in {layer.compute_dtype}; pass it dtype='float32'"
                )
            if mode == "wrap":
                raise ValueError(
                    f"layers[{place}]: expected a fill_mode but 'wrap' with masks or boxes, got "
                    f"{name} with fill_mode='wrap'"
                )
            if boxes and mode != "constant":
                raise ValueError(
                    f"layers[{place}]: expected fill_mode='constant' with boxes, got {name} with "
                    f"fill_mode={mode!r}: the copy of an object that it makes at the edge has no "
                    "box"
                )


def _parts(inputs: Any) -> dict[str, Any]:
    """A new dict of the parts of the inputs, or of their shapes."""
    parts = dict(inputs) if isinstance(inputs, dict) else {"images": inputs}
    for name in parts:
        if name not in PARTS:
            raise ValueError(f"inputs: expected keys of {PARTS}, got {name!r}")
    if "images" not in parts:
        raise ValueError(f"inputs: expected the key 'images', got {sorted(parts)}")
    for name, part in parts.items():
        if part is None and name != "labels":
            raise TypeError(f"{name}: expected a tensor, got None")
    return parts


def _is_one(layer: Any, names: Sequence[str]) -> bool:
    """Whether the layer is of one of these classes of `keras.layers`."""
    return any(
        isinstance(layer, getattr(keras_layers, name))
        for name in names
        if hasattr(keras_layers, name)
    )


def _check_layer(place: int, layer: Any) -> None:
    if not _is_one(layer, MOVING + VALUES):
        raise TypeError(
            f"layers[{place}]: expected a Keras image layer such as RandomRotation or RandomHue "
            f"(one_draw.MOVING and VALUES name all), got {type(layer).__name__}"
        )
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise ValueError(
            f"layers[{place}]: expected data_format='channels_last', got {type(layer).__name__} "
            f"with {layer.data_format!r}"
        )


def _change_values(layer: keras.Layer, images: Any, training: Any) -> Any:
    """Apply a layer of `VALUES` to images ``(batch, [time,] height, width, channels)``."""
    if len(images.shape) == 4:
        return _applied(layer, images, training)
    batch, time, height, width, channels = ops.shape(images)
    if _is_one(layer, ["RandomErasing"]):
        # One blank image a clip, of a value that nothing is filled with: its noise, too, is then
        # the same in every frame
        blank = float(layer.value_range[1]) + 1.0
        drawn = ops.full((batch, height, width, channels), blank, dtype=images.dtype)
        drawn = ops.cast(_applied(layer, drawn, training), images.dtype)[:, None]
        return ops.where(ops.equal(drawn, blank), images, drawn)
    gap = _reach(layer)  # rows of 0 around each frame, as at the edge of an image
    if gap:
        images = ops.pad(images, [[0, 0], [0, 0], [gap, gap], [0, 0], [0, 0]])
    tall = height + 2 * gap
    images = ops.reshape(images, (batch, time * tall, width, channels))
    images = _applied(layer, images, training)
    images = ops.reshape(images, (batch, time, tall, width, channels))
    return images[:, :, gap : gap + height] if gap else images


def _reach(layer: keras.Layer) -> int:
    """How many rows away a pixel can have an influence; 0 if the layer has no neighbourhood."""
    if _is_one(layer, ["RandomGaussianBlur"]):
        return max(int(side) for side in layer.kernel_size) // 2
    return 1 if _is_one(layer, ["RandomSharpness"]) else 0


def _applied(layer: keras.Layer, images: Any, training: Any) -> Any:
    """Call the layer; `Rescaling` has no argument ``training``."""
    if training:
        _check_known(layer, images)
    return layer(images) if _is_one(layer, ["Rescaling"]) else layer(images, training=training)


def _every_pixel(images: Any) -> Any:
    """The source of each pixel before anything has moved, float32 ``(batch, height, width, 3)``.

    The share of it that is real, 1, and its centre in parts of the height and of the width, both
    times that share.
    """
    shape = ops.shape(images)
    batch, height, width = shape[0], shape[-3], shape[-2]
    real = ops.ones((batch, height, width), "float32")
    y = (ops.arange(height, dtype="float32") + 0.5) / ops.cast(height, "float32")
    x = (ops.arange(width, dtype="float32") + 0.5) / ops.cast(width, "float32")
    return ops.stack([real, real * y[:, None], real * x], axis=-1)


def _move_pixels(layer: keras.Layer, images: Any, source: Any, training: Any) -> tuple[Any, Any]:
    """Apply a layer of `MOVING` to the images, and to ``source`` unless that is None."""
    clip = len(images.shape) == 5
    if clip:
        batch, time, height, width, channels = ops.shape(images)
        images = ops.transpose(images, (0, 2, 3, 1, 4))
        images = ops.reshape(images, (batch, height, width, time * channels))
    if source is None:
        images = _applied(layer, images, training)
    else:
        low, high = 0.0, 1.0
        if _is_one(layer, ["RandomElasticTransform"]):  # it cuts off what is outside
            low, high = (float(bound) for bound in layer.value_range)
        # What comes out of the plane of 0 is the filling, which all planes have in common
        planes = ops.concatenate([ops.zeros_like(source[..., :1]), source], axis=-1)
        planes = low + (high - low) * planes
        images = ops.concatenate([ops.cast(images, "float32"), planes], axis=-1)
        images = _applied(layer, images, training)
        source = (images[..., -3:] - images[..., -4:-3]) / (high - low)
        images = images[..., :-4]
    if clip:
        batch, height, width, _ = ops.shape(images)
        images = ops.reshape(images, (batch, height, width, time, channels))
        images = ops.transpose(images, (0, 3, 1, 2, 4))
    return images, source


def _check_known(layer: keras.Layer, images: Any) -> None:
    """Refuse sizes that only the running graph knows where Keras's layer needs them."""
    shape = tuple(images.shape)
    if _is_one(layer, ["RandomElasticTransform"]):
        # Keras takes a batch of unknown size for one image: every row becomes the first one
        needed, what = shape, "batch, time, height, width and channels"
    elif _is_one(layer, ["RandomCrop", "RandomErasing", "RandomPerspective"]):
        needed, what = shape[1:3], "height and width"
    else:
        return
    if None in needed:
        raise ValueError(
            f"images: expected a known {what} for {type(layer).__name__} in compiled code, got "
            f"shape {shape}, (batch, height, width, time * channels)"
        )


def _where_from(source: Any, height: Any, width: Any) -> tuple[Any, Any, Any]:
    """Which pixels are real, bool ``(batch, height, width)``, and where they come from, y and x.

    In pixels of the image that came in, at most its height and width, just below where equal.
    """
    real = source[..., 0] > 0.5 - TIE
    share = ops.where(real, source[..., 0], ops.ones_like(source[..., 0]))
    places = []
    for place, size in ((1, height), (2, width)):
        size = ops.cast(size, "float32")
        at = source[..., place] / share * size - TIE
        places.append(ops.minimum(ops.maximum(at, 0.0), size - TIE))
    return real, *places


def _read_masks(masks: Any, real: Any, y: Any, x: Any, mask_value: int) -> Any:
    """The masks ``(batch, [time,] height, width)`` at the pixels that y and x lie in."""
    shape = ops.shape(masks)
    time = shape[1] if len(shape) == 4 else 1
    batch, new_height, new_width = ops.shape(y)
    pixel = ops.cast(ops.floor(y), "int32") * shape[-1] + ops.cast(ops.floor(x), "int32")
    pixel = ops.reshape(pixel, (batch, 1, new_height * new_width))
    real = ops.reshape(real, (batch, 1, new_height * new_width))
    flat = ops.reshape(masks, (batch, time, shape[-2] * shape[-1]))
    flat = ops.take_along_axis(flat, pixel, axis=-1)
    flat = ops.where(real, flat, ops.full_like(flat, mask_value))
    return ops.reshape(flat, (*shape[:-2], new_height, new_width))


def _bounding_boxes(boxes: Any, real: Any, y: Any, x: Any) -> Any:
    """The bounding rectangles of the pixels whose source lies in ``([batch, [time,]] regions, 4)``.

    It needs memory for regions times pixels booleans.
    """
    shape = ops.shape(boxes)
    flat = boxes if len(shape) == 3 else ops.reshape(boxes, (shape[0], shape[1] * shape[2], 4))
    top, left, bottom, right = (flat[:, :, side, None, None] for side in range(4))
    y, x = y[:, None], x[:, None]
    inside = ops.logical_and(ops.logical_and(y >= top, y < bottom), real[:, None])
    inside = ops.logical_and(inside, ops.logical_and(x >= left, x < right))
    sides = [_extent(ops.any(inside, axis=axis)) for axis in (3, 2)]
    ends = [sides[axis][end] for end in (0, 1) for axis in (0, 1)]
    seen = sides[0][1] > 0
    found = ops.stack([ops.where(seen, end, ops.zeros_like(end)) for end in ends], axis=-1)
    return ops.reshape(ops.cast(found, "float32"), shape)


def _extent(inside: Any) -> tuple[Any, Any]:
    """First True and the one behind the last, along the last axis."""
    size = ops.shape(inside)[-1]
    place = ops.broadcast_to(ops.arange(size, dtype="int32"), ops.shape(inside))
    first = ops.min(ops.where(inside, place, ops.full_like(place, size)), axis=-1)
    return first, ops.max(ops.where(inside, place + 1, ops.zeros_like(place)), axis=-1)
