"""Pictures that show whether an image and its mask were moved alike."""

from collections.abc import Sequence
from math import prod

import numpy as np

from helpers.arguments import integer, is_integer, number, pair, shown

CELLS = 8  # along the shorter side
LEVELS = (0.2, 0.7)  # shares of the value range; no inversion or posterisation makes them one
INT32 = np.iinfo(np.int32)
FEW = 16  # pixels of a class: fewer say nothing
ENOUGH = 0.4  # of what guessing leaves open; a third of the card erased leaves 0.43 or more


def alignment_cards(
    count: int,
    size: tuple[int, int],
    *,
    channels: int = 1,
    value_range: tuple[float, float] = (0, 1),
    classes: tuple[int, int] = (1, 2),
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw grey cells at random, and the mask that tells the dark ones from the light ones.

    Send them through a pipeline in place of your own images and masks: `check_contract` then sees,
    with ``aligned``, whether both were moved by one draw. Shifts of less than half a cell, a 16th
    of the shorter side, go unseen, and so do other draws that happen to be alike.

    Args:
        count: How many cards. 16 leave little to luck, where each is drawn anew.
        size: Height and width, at least 16: there are 8 cells along the shorter side.
        channels: Channels of an image, all alike.
        value_range: The least and the greatest value of your images.
        classes: The two labels. 0 should be neither, for most layers fill a mask with 0; where
            your masks know 0 and 1 alone, take these.
        seed: Other seeds draw other cards.

    Returns:
        Images, float32 ``(count, height, width, channels)``, and masks, int32 ``(count, height,
        width)``.

    Raises:
        TypeError: An argument is of another type.
        ValueError: ``count`` or ``channels`` is below 1, a side is below 16, or there are
            more than 2**31 - 1 values; ``value_range`` does not increase or float32 does not hold
            it; or the classes are one, or not held by int32.

    Example:
        >>> images, masks = alignment_cards(4, (32, 48))
        >>> images.shape, masks.shape, np.unique(masks).tolist()
        ((4, 32, 48, 1), (4, 32, 48), [1, 2])
        >>> np.unique(images[masks == 2]).tolist() == [np.float32(0.7)]
        True
    """
    count = integer("count", count, minimum=1)
    height, width = pair("size", size)
    if min(height, width) < 2 * CELLS:
        raise ValueError(f"size: expected sides of at least {2 * CELLS}, got {height} x {width}")
    channels = integer("channels", channels, minimum=1)
    most = int(INT32.max) // (height * width * channels)
    if count > most:
        raise ValueError(
            f"count: expected at most {most} cards of this size, as many as fill the memory, "
            f"got {shown(count)}"
        )
    low, high = _two("value_range", value_range)
    low, high = number("value_range[0]", low), number("value_range[1]", high)
    if not low < high:
        raise ValueError(f"value_range: expected the lower value first, got {low} and {high}")
    if max(-low, high) > np.finfo("float32").max:
        raise ValueError(f"value_range: expected what float32 holds, got {low} and {high}")
    labels = _two("classes", classes)
    if not all(is_integer(label) for label in labels) or labels[0] == labels[1]:
        raise ValueError(f"classes: expected two different integers, got {shown(labels)}")
    for i, label in enumerate(labels):
        integer(f"classes[{i}]", label, minimum=int(INT32.min), maximum=int(INT32.max))
    cell = min(height, width) // CELLS
    grid = (-(-height // cell), -(-width // cell))
    random = np.random.default_rng(integer("seed", seed, minimum=0))
    light = random.permuted(np.tile(np.arange(grid[0] * grid[1]) % 2, (count, 1)), axis=1)
    light = light.reshape(count, *grid).repeat(cell, axis=1).repeat(cell, axis=2)
    light = light[:, :height, :width]
    values = np.array([low + level * (high - low) for level in LEVELS], "float32")
    images = np.repeat(values[light][..., None], channels, axis=-1)
    return images, np.array(labels, "int32")[light]


def moved_apart(images: np.ndarray, masks: np.ndarray) -> list[bool | None]:
    """Say of each card whether its mask is elsewhere than its image.

    Where both moved alike, the mask tells the value of each pixel, whatever was done to colours:
    two classes, two values. Pixels at the edge of a cell do not count, for images are interpolated
    there, nor does class 0 where there are two others.

    Args:
        images: Cards after a pipeline, ``(..., height, width, channels)``.
        masks: Their masks, ``(..., height, width)``.

    Returns:
        One answer for each mask, flat: None where image or mask show too little of both classes.
    """
    flat = prod(masks.shape[:-2]), *masks.shape[-2:]
    greys = images.astype("float64").mean(axis=-1).reshape(flat)
    shares = [_told(*both) for both in zip(greys, masks.reshape(flat), strict=True)]
    return [None if share is None else share < ENOUGH for share in shares]


def _told(grey: np.ndarray, mask: np.ndarray) -> float | None:
    """How much of what guessing leaves open the values tell of the classes, 0 to 1, or None."""
    if min(mask.shape) < 3:
        return None
    inner = np.lib.stride_tricks.sliding_window_view(mask, (3, 3))
    inner = (inner == mask[1:-1, 1:-1, None, None]).all(axis=(2, 3))
    values, labels = grey[1:-1, 1:-1][inner], mask[1:-1, 1:-1][inner]
    kinds, counts = np.unique(labels, return_counts=True)
    kinds = kinds[counts >= max(FEW, labels.size / 20)]
    kinds = kinds[kinds != 0] if np.count_nonzero(kinds) > 1 else kinds
    if len(kinds) < 2:
        return None
    seen = np.isin(labels, kinds)
    values, labels = values[seen], labels[seen]
    low, high = values.min(), values.max()
    if high - low <= 1e-4 * max(abs(low), abs(high)):
        return None  # all black, for one
    edges = np.quantile(values, np.arange(1, 8) / 8)
    edges = np.unique(np.concatenate([edges, np.linspace(low, high, 9)[1:-1]]))
    bins = np.searchsorted(edges, values, side="right")
    table = np.array([np.bincount(bins[labels == kind], minlength=16) for kind in kinds])
    guessed, told = table.sum(axis=1).max(), table.max(axis=0).sum()
    return float((told - guessed) / (labels.size - guessed))


def _two(name: str, value: Sequence) -> Sequence:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError(f"{name}: expected two numbers, got {shown(value)}")
    return value
