"""One image on its way into a slot."""

import base64
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.data import photographs
from helpers.explore.explorer import Control, Explorer
from helpers.figures import Drawing, css, draw_photos
from helpers.padding import fitted_size

_CROPS = {
    "cat, 40 × 96": ("cat", slice(4, 44), slice(None)),
    "photographer, 88 × 40": ("photographer", slice(None), slice(10, 50)),
    "cup, 56 × 56": ("cup", slice(None), slice(12, 68)),
}
_WAYS = ("resize", "letterbox", "pad to bucket", "crop")
_FIT_SCALE = 1.15  # the widest image has room beside the widest bucket, up to 1.35
_STRETCHED = 1.05  # from here on an aspect is changed, not rounded


def fit_explorer() -> Explorer:
    """Explore what it takes to bring an image into a shape: resize, letterbox, bucket or crop.

    Returns:
        An `Explorer` of a photograph before and after, of the share of padding and of lost
        pixels, and of what became of its scale and its aspect.
    """
    return Explorer(
        _fit_frame,
        (
            Control("image", "Image", tuple(_CROPS), "cat, 40 × 96"),
            Control("way", "Way", _WAYS, "resize"),
            Control("side", "Slot or bucket step", (32, 48, 64), 64, range(32, 65)),
        ),
        title="One image on its way into a slot",
        caption=(
            "Before and after at one scale; hatched is padding. Resize and letterbox fill a square "
            "slot. Pad to bucket goes up to multiples of the step. Crop takes the framed middle "
            "and pads a short axis; Keras's CenterCrop enlarges the image. Pixels are lost "
            "that are cut off, or that a shrunk axis has no room for."
        ),
        rule="fit",
        given={
            name: {
                "size": crop_of(name).shape,
                "pixels": base64.b64encode(crop_of(name).tobytes()).decode(),
            }
            for name in _CROPS
        },
    )


class Fitted(NamedTuple):
    """An image in another shape, and what that took."""

    image: np.ndarray  # (height, width), padded with 0
    size: tuple[int, int]  # without the padding
    scales: tuple[float, float]  # of height and width
    kept: tuple[int, int, int, int]  # of the image before: top, left, bottom and right
    padding: float  # share of the result
    lost: float  # share of the image before


def fit_image(image: np.ndarray, way: str, side: int) -> Fitted:
    """Bring an image into a square slot of a side, or into a bucket of multiples of it."""
    before, slot = image.shape, (side, side)
    size, top, left = before, 0, 0
    if way == "resize":
        size = slot
    elif way == "letterbox":
        size = fitted_size(before, slot)
    elif way == "pad to bucket":
        slot = tuple(-(-n // side) * side for n in before)
    else:
        size = tuple(min(n, side) for n in before)
        top, left = ((n - real) // 2 for n, real in zip(before, size, strict=True))
    scales, kept, room = (1.0, 1.0), (0, 0, *before), np.prod(size)
    if way in ("resize", "letterbox"):
        real = _bilinear(image, size)
        scales = tuple(real_n / n for real_n, n in zip(size, before, strict=True))
        room = np.prod([min(pair) for pair in zip(size, before, strict=True)])
    else:
        kept = (top, left, top + size[0], left + size[1])
        real = image[kept[0] : kept[2], kept[1] : kept[3]]
    out = np.zeros(slot)
    out[: size[0], : size[1]] = real
    padding = 1 - np.prod(size) / np.prod(slot)
    return Fitted(out, size, scales, kept, float(padding), float(1 - room / np.prod(before)))


def _bilinear(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image as Keras's `Resizing` does: between the two nearest pixels of each axis."""
    for axis, to in enumerate(size):
        count = image.shape[axis]
        at = np.clip((np.arange(to) + 0.5) * count / to - 0.5, 0, count - 1)
        low = np.floor(at).astype(int)
        share = np.expand_dims(at - low, 1 - axis)
        above = np.take(image, np.minimum(low + 1, count - 1), axis)
        image = np.take(image, low, axis) * (1 - share) + above * share
    return image


@lru_cache
def crop_of(image: str) -> np.ndarray:
    """The crop of a photograph that a name of the control stands for."""
    name, rows, columns = _CROPS[image]
    return photographs()[name][rows, columns]


def _fit_frame(image: str, way: str, side: int) -> Drawing:
    before = crop_of(image)
    fit = fit_image(before, way, side)
    (high, wide), (up, across) = fit.image.shape, fit.scales
    stretch = up / across
    if max(stretch, 1 / stretch) >= _STRETCHED:
        how = f"{max(stretch, 1 / stretch):.2g} times as {'high' if stretch > 1 else 'wide'}"
        verdict = f"distorted: {how} for its {'width' if stretch > 1 else 'height'}"
    elif fit.scales != (1, 1):
        verdict = "aspect kept, true size not"
    else:
        verdict = "aspect and true size kept" + (", the edges gone" if fit.lost else "")
    scaled = f"height × {up:.2f}, width × {across:.2f}"
    parts = [
        f'<text x="4" y="14" font-weight="700">{verdict}</text>',
        f'<text x="4" y="32">{scaled}</text>',
    ]
    looks = (
        f"fill:url(#hatch);stroke:{css('padding')}",
        f"fill:none;stroke:{css('error')};stroke-width:2;stroke-dasharray:4 2",
    )
    shares = {"padding": fit.padding, "pixels lost": fit.lost}
    for y, look, (label, share) in zip((42, 60), looks, shares.items(), strict=True):
        size = round(180 * share, 1)
        parts.append(f'<text x="4" y="{y + 12}">{label}</text>')
        if size:
            box = f"M84 {y + 2}h{size:g}v12h-{size:g}z"
            parts.append(f'<g style="{look}"><path d="{box}"/></g>')
        at = f'x="{92 + size:g}" y="{y + 12}"'
        parts.append(f'<text {at} font-weight="700">{share:.0%}</text>')
    drawing = draw_photos(
        [before, fit.image],
        names=["before", f"after: ({high}, {wide}, 1)"],
        sizes=[None, fit.size],
        boxes=[[fit.kept] if way == "crop" and fit.lost else [], []],
        scale=_FIT_SCALE,
        white=255,
    )
    parts.append(f'<g transform="translate(0 84)">{drawing.body}</g>')
    told = "; ".join(f"{label} {share:.0%}" for label, share in shares.items())
    to = f"in steps of {side}" if way == "pad to bucket" else f"to {side} × {side}"
    said = f"{image.capitalize()}, {way} {to}: ({high}, {wide}, 1); {scaled}; {told}; {verdict}."
    return Drawing("".join(parts), 84 + drawing.height, said)
