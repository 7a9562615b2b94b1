"""The value range of a layer that changes the brightness."""

import base64
from functools import lru_cache

import numpy as np

from helpers.data import photographs
from helpers.explore.explorer import Control, Explorer
from helpers.figures import Drawing, draw_photos

_FACTORS = tuple(i / 100 for i in range(-20, 21))
_SCALE = 1.7  # at which two pictures of the cat stand side by side


def value_range_explorer() -> Explorer:
    """Explore what `RandomBrightness` makes of an image from 0 to 1, by its ``value_range``.

    Returns:
        An `Explorer` of a photograph before and after, with what the layer added to each pixel.
    """
    return Explorer(
        _frame,
        (
            Control("high", "value_range=(0, …)", (1, 2, 4, 16, 255), 255, range(1, 256)),
            Control("drawn", "Drawn factor", (-0.2, -0.1, 0.1, 0.2), 0.2, _FACTORS),
        ),
        title="One photograph from 0 to 1, made brighter or darker",
        caption=(
            "RandomBrightness draws a factor and adds that share of the value range to each pixel. "
            "What is above 1 is drawn white."
        ),
        rule="value_range",
        given=base64.b64encode(photographs()["cat"].tobytes()).decode(),
    )


def brightened(image: np.ndarray, high: float, drawn: float) -> np.ndarray:
    """Add a share of the value range ``(0, high)`` to an image, and clip it to that range."""
    return np.clip(image + drawn * high, 0, high)


@lru_cache
def cat() -> np.ndarray:
    """The photograph of the explorer, ``(height, width)``, from 0 to 1."""
    return photographs()["cat"] / 255


def _frame(high: float, drawn: float) -> Drawing:
    after = brightened(cat(), high, drawn)
    told = f"added to each pixel: {drawn:g} × {high} = {drawn * high:g}"
    shares = {"black": (after <= 0).mean(), "brighter than white": (after > 1).mean()}
    share = ", ".join(f"{name} {part:.0%}" for name, part in shares.items())
    drawing = draw_photos(
        [cat(), np.minimum(after, 1)], names=["before", "after"], scale=_SCALE, white=1
    )
    parts = [
        f'<text x="4" y="14" font-weight="700">{told}</text>',
        f'<text x="4" y="32">{share}</text>',
        f'<g transform="translate(0 40)">{drawing.body}</g>',
    ]
    said = f"value_range=(0, {high}), drawn {drawn:g}: {told}; {share}."
    return Drawing("".join(parts), 40 + drawing.height, said)
