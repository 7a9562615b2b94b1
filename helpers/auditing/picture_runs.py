"""Runs of one picture layer of Keras on pictures that show what it does."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.pictures import as_array
from helpers.augmentation import alignment_cards, fitted_size
from helpers.augmentation.cards import moved_apart
from helpers.masking.recording import state_kept
from helpers.raised import first_line

_PIXELS = 2.0  # that a box may lie beside the object


def rows_alike(layer: keras.Layer, shape: tuple) -> str | None:
    """Run a random layer on a batch in compiled code; say what it raises, or that rows are one."""
    x = np.random.default_rng(0).random((4, *shape)).astype("float32")
    with state_kept(layer):
        if not layer.built:
            layer.build((None, *shape))
        try:
            answers = _compiled(layer, x)
        except Exception as error:
            return f"the compiled call raises {type(error).__name__}: {first_line(error)}"
    if answers is not None and all(np.array_equal(answers[0], each) for each in answers[1:]):
        return "in compiled code all 4 rows of a batch come out as the first one"
    return None


def _compiled(layer: keras.Layer, x: np.ndarray) -> np.ndarray | None:
    if keras.backend.backend() == "jax":
        import jax

        states = [v.value for v in layer.non_trainable_variables]
        jax.eval_shape(lambda x: layer.stateless_call([], states, x, training=True)[0], x)
        return None
    import tensorflow as tf

    spec = tf.TensorSpec((None, *x.shape[1:]), tf.float32)
    run = tf.function(lambda x: layer(x, training=True), input_signature=[spec])
    return as_array(run(tf.convert_to_tensor(x)))


def margins_off(layer: keras.Layer, sizes: Any) -> str | None:
    """Fit white pictures, and compare what is white with the size that keeps the aspect ratio."""
    target = (layer.height, layer.width)
    for size in dict.fromkeys(tuple(size) for size in sizes):
        white = as_array(layer(np.ones((1, *size, 1), "float32")))[0, :, :, 0] > 0.5
        rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
        found = (int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1) if len(rows) else (0, 0)
        wanted = fitted_size(size, target)
        if max(abs(found[0] - wanted[0]), abs(found[1] - wanted[1])) > 1:
            return (
                f"a picture of {size[0]} x {size[1]} comes out as {found[0]} x {found[1]}; "
                f"{wanted[0]} x {wanted[1]} keeps its aspect ratio"
            )
    return None


def boxes_off(layer: keras.Layer) -> str | None:
    """Move white rectangles with their boxes; measure how far the boxes are off."""
    height, width = 64, 80
    top, left, bottom, right = 26, 30, 38, 50
    x = np.zeros((16, height, width, 1), "float32")
    x[:, top:bottom, left:right] = 1
    given = np.full((16, 1, 4), (top, left, bottom, right), "float32")
    labels = {"boxes": given, "labels": np.zeros((16, 1), "int32")}
    with _set(layer, bounding_box_format="yxyx", fill_mode="constant", fill_value=0.0):
        try:
            drawn = _called(layer, {"images": x, "bounding_boxes": labels})
        except NotImplementedError:
            return None  # which the user sees
    found = as_array(drawn["bounding_boxes"]["boxes"])[:, 0]
    off = [_off(*pair) for pair in zip(as_array(drawn["images"])[..., 0], found, strict=True)]
    seen = [each for each in off if each is not None]
    if seen and max(seen) > _PIXELS:
        return f"boxes lie up to {max(seen):.0f} pixels beside the object, on {height} x {width}"
    return None


def _off(picture: np.ndarray, box: np.ndarray) -> float | None:
    """How far a box is off; None where the object touches the border or is out of sight."""
    white = picture > 0.5
    rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
    if not len(rows) or 0 in (rows[0], columns[0]):
        return None
    if rows[-1] == len(white) - 1 or columns[-1] == white.shape[1] - 1:
        return None
    true = np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1])
    return float(np.abs(true - box).max())


def masks_off(layer: keras.Layer) -> str | None:
    """Move cards with their masks; count masks elsewhere, and classes that were not there."""
    images, masks = alignment_cards(16, (64, 80), classes=(3, 7))
    masks = masks[..., None].astype("float32")
    with _set(layer, fill_mode="constant", fill_value=0.0):
        drawn = _called(layer, {"images": images, "segmentation_masks": masks})
    moved = as_array(drawn["segmentation_masks"])
    new = np.setdiff1d(np.unique(moved), [0, 3, 7])
    if len(new):
        return f"masks of the classes 3 and 7 come out with {len(new)} others, such as {new[0]:.2f}"
    apart = moved_apart(as_array(drawn["images"]), moved[..., 0].astype("int32"))
    count = sum(bool(each) for each in apart)
    if count > len(apart) / 4:
        return f"{count} of {len(apart)} masks come out elsewhere than their pictures"
    return None


def _called(layer: keras.Layer, given: dict) -> dict:
    with state_kept(layer):
        return layer(given) if type(layer).__name__ == "Resizing" else layer(given, training=True)


@contextlib.contextmanager
def _set(layer: keras.Layer, **values: Any) -> Iterator[None]:
    """Set attributes that a layer has, and put them back."""
    held = {name: getattr(layer, name) for name in values if hasattr(layer, name)}
    try:
        for name in held:
            setattr(layer, name, values[name])
        yield
    finally:
        for name, value in held.items():
            setattr(layer, name, value)
