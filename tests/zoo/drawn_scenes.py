"""What the tests of `OneDraw` share: clips, a scene of one object, and every layer it knows."""

import keras
import numpy as np
from keras import layers, ops

from helpers.augmentation.one_draw import MOVING

RNG = np.random.default_rng(5)
# Few shapes and always the same: JAX compiles every operation anew for each
HEIGHT, WIDTH, CLIPS, TIME = 20, 16, 6, 2

FILLED = {"fill_mode": "constant", "seed": 1}
LAYERS = {
    "CenterCrop": lambda: layers.CenterCrop(12, 10),
    "RandomCrop": lambda: layers.RandomCrop(12, 10, seed=1),
    "RandomElasticTransform": lambda: layers.RandomElasticTransform(
        factor=(1.0, 1.0), scale=(0.5, 0.5), **FILLED
    ),
    "RandomFlip": lambda: layers.RandomFlip(seed=1),
    "RandomPerspective": lambda: layers.RandomPerspective(factor=(1.0, 1.0), scale=0.3, seed=1),
    "RandomRotation": lambda: layers.RandomRotation(0.2, **FILLED),
    "RandomShear": lambda: layers.RandomShear((0.0, 0.4), (0.0, 0.4), **FILLED),
    "RandomTranslation": lambda: layers.RandomTranslation(0.3, 0.3, **FILLED),
    "RandomZoom": lambda: layers.RandomZoom(0.4, 0.3, **FILLED),
    "Resizing": lambda: layers.Resizing(23, 31),
    "Resizing, padded": lambda: layers.Resizing(23, 31, pad_to_aspect_ratio=True),
    "Resizing, cropped": lambda: layers.Resizing(
        12, 10, crop_to_aspect_ratio=True, interpolation="bicubic"
    ),
    "AutoContrast": lambda: layers.AutoContrast(),
    "RandomBrightness": lambda: layers.RandomBrightness(0.4, seed=1),
    "RandomColorDegeneration": lambda: layers.RandomColorDegeneration(0.9, seed=1),
    "RandomColorJitter": lambda: layers.RandomColorJitter(
        brightness_factor=0.3, contrast_factor=0.3, saturation_factor=0.3, hue_factor=0.3, seed=1
    ),
    "RandomContrast": lambda: layers.RandomContrast(0.7, seed=1),
    "RandomErasing": lambda: layers.RandomErasing(factor=(0.5, 1.0), scale=(0.1, 0.4), seed=1),
    "RandomGaussianBlur": lambda: layers.RandomGaussianBlur(
        factor=(0.5, 0.5), kernel_size=5, sigma=(0.6, 1.0), seed=7
    ),
    "RandomGrayscale": lambda: layers.RandomGrayscale(0.5, seed=1),
    "RandomHue": lambda: layers.RandomHue(0.7, seed=1),
    "RandomInvert": lambda: layers.RandomInvert(factor=(0.5, 0.5), seed=7),
    "RandomPosterization": lambda: layers.RandomPosterization([1, 7], seed=1),
    "RandomSaturation": lambda: layers.RandomSaturation((0.1, 0.9), seed=1),
    "RandomSharpness": lambda: layers.RandomSharpness((0.1, 0.9), seed=1),
    "Rescaling": lambda: layers.Rescaling(1 / 255, offset=0.5),
    "Solarization": lambda: layers.Solarization(0.5, 0.5, seed=1),
}
MOVES = [name for name in LAYERS if name.split(",")[0] in MOVING]


def numpy(x):
    return keras.tree.map_structure(ops.convert_to_numpy, x)


def still_clips(clips=CLIPS, time=TIME, height=HEIGHT, width=WIDTH):
    """Clips whose frames are all equal: what differs afterwards was drawn apart."""
    frame = RNG.uniform(20, 230, (height, width, 3)).astype("float32")
    return np.tile(frame, (clips, time, 1, 1, 1))


def scene(lead=(CLIPS, TIME), dtype="uint8"):
    """One object of class 7: bright in the image, in the mask, in the first of two boxes."""
    mask = np.zeros((HEIGHT, WIDTH), dtype)
    mask[5:14, 4:11] = 7
    image = np.repeat(np.where(mask != 0, 200, 0).astype("float32")[..., None], 3, -1)
    boxes = np.array([[5, 4, 14, 11], [0, 0, 0, 0]], "float32")
    return {
        "images": np.tile(image, (*lead, 1, 1, 1)),
        "masks": np.tile(mask, (*lead, 1, 1)),
        "boxes": np.tile(boxes, (*lead, 1, 1)),
        "labels": np.arange(len(lead) and lead[0]),
    }


def rectangle(mask):
    """Top, left, bottom, right of what is True; 0 if nothing is."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return [0, 0, 0, 0]
    return [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]


def assert_belong_together(out):
    """The object is at the same place in image, mask and box, in every frame.

    Where the image was interpolated, at the edge, the nearest pixel may be of either class.
    """
    shape = out["masks"].shape
    images = out["images"].reshape(-1, *out["images"].shape[-3:])
    masks = out["masks"].reshape(-1, *shape[-2:])
    boxes = out["boxes"].reshape(-1, *out["boxes"].shape[-2:])
    assert len(images) == len(masks) == len(boxes) > 0
    assert set(np.unique(masks)) <= {0, 7}
    assert (masks == 7).any()
    for image, mask, box in zip(images, masks, boxes, strict=True):
        differ = (image[..., 0] > 100) != (mask == 7)
        assert differ.sum() <= 8
        assert not (differ & (np.abs(image[..., 0] - 100) > 60)).any()
        np.testing.assert_array_equal(box[0], rectangle(mask == 7))
        np.testing.assert_allclose(box[0], rectangle(image[..., 0] > 100), atol=1)
        np.testing.assert_array_equal(box[1], 0)
