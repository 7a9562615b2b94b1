"""What the labs work on: the book's data in the form that their tasks take."""

from typing import Any

import numpy as np

from helpers import data


def vowels() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Load three spoken vowels, once as frames and once as tokens.

    Returns:
        Frames, float32 ``(time, 12)`` of 11, 7 and 16 steps; and tokens, int64 ``(time,)``, for
        each frame the number, 1 to 32, of the nearest of 32 frames of the data. 0 is left for
        padding.
    """
    every, _ = data.japanese_vowels("train")
    codebook = np.concatenate(every)[::134]
    rows = [every[i] for i in (49, 68, 27)]
    distances = [((row[:, None] - codebook) ** 2).sum(axis=-1) for row in rows]
    return rows, [1 + distance.argmin(axis=1) for distance in distances]


def strings(
    count: int, digits: tuple[int, int], seed: int, heights: tuple[int, int] = (8, 8)
) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """Compose strings of handwritten digits, as `helpers.data.digit_strings` does.

    Args:
        count: number of strings.
        digits: smallest and largest number of digits in a string.
        seed: seed of all draws.
        heights: smallest and largest height of an image in pixels.

    Returns:
        Images, float32 ``(height, width, 1)`` from 0 to 1; their sizes, int32 ``(count, 2)``; and
        labels, int64 ``(digits,)``, each digit plus 1, since 0 is the blank of CTC.

    Raises:
        TypeError, ValueError: as `helpers.data.digit_strings`.
    """
    pictures, labels = data.digit_strings(count, digits=digits, seed=seed, heights=heights)
    sizes = np.array([picture.shape for picture in pictures], "int32")
    ink = [(picture[..., None] / 16).astype("float32") for picture in pictures]
    return ink, sizes, [label + 1 for label in labels]


def crops(count: int, **options: Any) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Cut crops out of photographs seen from near or far, as `helpers.data.texture_scales` does.

    Args:
        count: number of crops.
        **options: those of `helpers.data.texture_scales`; without ``size`` 20 to 80 pixels.

    Returns:
        Crops, float32 ``(height, width, 1)`` from 0 to 1; their sizes, int32 ``(count, 2)``; and
        int64 ``(count,)``, 1 where a crop is seen from twice as far, otherwise 0.

    Raises:
        TypeError, ValueError: as `helpers.data.texture_scales`.
    """
    pictures, far, _ = data.texture_scales(count, **{"size": (20, 80), **options})
    pictures = [picture[..., None] / np.float32(255) for picture in pictures]
    sizes = np.array([picture.shape[:2] for picture in pictures], "int32")
    return pictures, sizes, far
