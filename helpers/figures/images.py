"""Images of varying size: their pixels, padding and regions."""

import itertools
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from helpers.arguments import finite_array, listed, number, pair, plain_array, shown, text
from helpers.figures.drawing import (
    MOST_SHOWN,
    ON_TIME,
    WIDTH,
    Drawing,
    amount,
    css,
    px,
    rects,
    runs_of,
    write,
)

INK_LEVELS = 5
"""How many greys `pixels` draws; any ink at all is at least the faintest."""


def pixels(image: np.ndarray, x: float, y: float, scale: float, *, ink: float) -> str:
    """Return the SVG elements of an image: every pixel a square, one path for each grey.

    The ink has the colour of text, so that it is dark on a light page and light on a dark one.

    Args:
        image: numbers ``(height, width)``, 0 where there is no ink.
        x: left edge.
        y: upper edge.
        scale: size of a pixel of the image.
        ink: the value of full ink.

    Returns:
        SVG elements; a blank image has none.
    """
    image = finite_array("image", image)
    if image.ndim != 2:
        raise ValueError(f"image: expected (height, width), got shape {image.shape}")
    x, y, scale = number("x", x), number("y", y), number("scale", scale)
    ink = full_ink([image], ink) if image.size else 1.0
    levels = np.ceil(image.astype("float64") / ink * INK_LEVELS).astype(int)
    paths = []
    for level in range(1, INK_LEVELS + 1):
        runs = [
            f"M{start} {row}h{size}"
            for row, line in enumerate(levels)
            for found, start, size in runs_of(line)
            if found == level
        ]
        if runs:
            paths.append(f'<path stroke-opacity="{px(level / INK_LEVELS)}" d="{"".join(runs)}"/>')
    if not paths:
        return ""
    place = f"translate({px(x)} {px(y + scale / 2)})scale({px(scale)})"
    look = "fill:none;stroke:currentColor"
    return (
        f'<g transform="{place}" shape-rendering="crispEdges" style="{look}">{"".join(paths)}</g>'
    )


def describe_images(
    images: Sequence[np.ndarray],
    sizes: np.ndarray | None = None,
    *,
    padded: tuple[int, int] | None = None,
    boxes: Sequence[np.ndarray] | None = None,
    names: Sequence[str] | None = None,
) -> str:
    """Say in words which images there are; the alternative text of `draw_images`.

    For instance "2 images padded to height 8 and width 31: image 1, height 8, width 31; image 2,
    height 8, width 24 + 7 padding."

    Args:
        images: as in `draw_images`.
        sizes: as in `draw_images`.
        padded: as in `draw_images`.
        boxes: as in `draw_images`.
        names: as in `draw_images`.

    Returns:
        The text.

    Raises:
        TypeError: as in `draw_images`.
        ValueError: as in `draw_images`.
    """
    images, padded, boxes, names = check_images(images, sizes, padded, boxes, names)
    told = []
    for i, (image, name) in enumerate(zip(images, names, strict=True)):
        high, wide = padded or image.shape
        text = f"{name}, height {extent(image.shape[0], high)}"
        text += f", width {extent(image.shape[1], wide)}"
        told.append(text + (f", {amount(len(boxes[i]), 'region')}" if boxes else ""))
    to = f" padded to height {padded[0]} and width {padded[1]}" if padded else ""
    return f"{amount(len(images), 'image')}{to}: {'; '.join(told)}."


def draw_images(
    images: Sequence[np.ndarray],
    sizes: np.ndarray | None = None,
    *,
    padded: tuple[int, int] | None = None,
    boxes: Sequence[np.ndarray] | None = None,
    names: Sequence[str] | None = None,
    ink: float | None = None,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw images as pixels, all to one scale, each with its height and its width.

    The padding is hatched. With ``boxes`` each image shows its regions, numbered in the order in
    which they become steps of a sequence: under the image if no region is under another one, else
    in the corners of the regions.

    Args:
        images: arrays ``(height, width)`` or ``(height, width, 1)``; 0 is no ink. Or a padded
            batch of them, together with ``sizes``.
        sizes: int ``(batch, 2)``, the true height and width of each image of a padded batch.
        padded: height and width to which the images are padded, if they come without padding.
        boxes: for each image its regions ``(regions, 4)``: top, left, bottom and right in pixels.
        names: what to call the images; None counts them.
        ink: the value of full ink; None takes the largest value there is.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None writes it with `describe_images`.

    Returns:
        A `Drawing`.

    Raises:
        TypeError: sizes are not integers.
        ValueError: a shape is wrong, an image holds a number that is not finite or below 0, an
            image is larger than ``padded``, a region lies outside its image, or there are more
            than 12 images or an image of more than 160 pixels in an axis.

    Example:
        >>> draw_images([np.ones((8, 5)), np.ones((8, 9))], padded=(8, 9))
        2 images padded to height 8 and width 9: image 1, height 8, width 5 + 4 padding; image 2, \
height 8, width 9.
    """
    described = describe_images(images, sizes, padded=padded, boxes=boxes, names=names)
    images, padded, boxes, names = check_images(images, sizes, padded, boxes, names)
    high, wide = padded or np.max([image.shape for image in images], axis=0)
    if len(images) > MOST_SHOWN or max(high, wide) > 160:
        raise ValueError(
            f"images: expected at most 12 of at most 160 x 160 pixels, got {len(images)} of "
            f"{high} x {wide}"
        )
    ink = full_ink(images, ink)
    left = 64.0
    scale = min(8.0, (WIDTH - left - 4) / wide)
    parts, y = [], 2.0
    for i, (image, name) in enumerate(zip(images, names, strict=True)):
        (h, w), (to_h, to_w) = image.shape, padded or image.shape
        top = y + 24
        says = f"width {extent(w, to_w)}"
        parts.append(
            f'<text x="{px(left)}" y="{px(y + 12)}"><tspan font-weight="700">{escape(name)}'
            f"</tspan>, {says}</text>"
        )
        parts.append(rects([(left, y + 18, w * scale, 4)], f"fill:{css('width')}"))
        parts.append(rects([(left - 6, top, 4, h * scale)], f"fill:{css('height')}"))
        lines = ["height", str(h)] + ([f"+ {to_h - h}", "padding"] if to_h > h else [])
        parts += [write(4, top + 7 + 14 * j, line) for j, line in enumerate(lines)]
        hatched = [
            (left + w * scale, top, (to_w - w) * scale, h * scale),
            (left, top + h * scale, to_w * scale, (to_h - h) * scale),
        ]
        parts.append(rects([each for each in hatched if each[2] and each[3]], "fill:url(#hatch)"))
        parts.append(pixels(image, left, top, scale, ink=ink))
        outline = f"fill:none;stroke:{css('padding')};stroke-width:1"
        parts.append(rects([(left, top, w * scale, h * scale)], outline))
        bottom = top + max(to_h * scale, 14 * len(lines))
        if boxes is not None and len(boxes[i]):
            drawn, under = _regions(boxes[i], left, top, scale, bottom)
            parts.append(drawn)
            bottom = max(bottom, under)
        y = bottom + 8
    return Drawing("".join(parts), y - 4, described if alt is None else alt, title, caption)


def check_images(
    images: Sequence[np.ndarray],
    sizes: np.ndarray | None,
    padded: tuple[int, int] | None,
    boxes: Sequence[np.ndarray] | None,
    names: Sequence[str] | None,
) -> tuple[list[np.ndarray], tuple[int, int] | None, list[np.ndarray] | None, list[str]]:
    """Check what is to be drawn: images without padding, padded size, regions and names."""
    images = listed("images", images)
    images = [finite_array(f"images[{i}]", image) for i, image in enumerate(images)]
    if not images:
        raise ValueError("images: expected at least one, got none")
    images = [
        image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image for image in images
    ]
    for i, image in enumerate(images):
        if image.ndim != 2 or 0 in image.shape:
            raise ValueError(f"images: expected (height, width), got {image.shape} in image {i}")
        if (image < 0).any():
            raise ValueError(f"images[{i}]: expected numbers from 0, got {image.min()}")
    if sizes is not None:
        if padded is not None:
            raise ValueError("padded: expected None together with sizes: the batch is padded")
        sizes = plain_array("sizes", sizes)
        if sizes.dtype.kind not in "iu":
            raise TypeError(f"sizes: expected integers, got dtype {sizes.dtype}")
        if sizes.shape != (len(images), 2):
            raise ValueError(f"sizes: expected shape ({len(images)}, 2), got {sizes.shape}")
        if len(shapes := {image.shape for image in images}) > 1:
            raise ValueError(f"images: expected one padded size, got {sorted(shapes)}")
        padded = images[0].shape
        for i, size in enumerate(sizes):
            if (size < 1).any() or (size > padded).any():
                raise ValueError(f"sizes: expected 1 to {padded}, got {size.tolist()} in row {i}")
        images = [image[:h, :w] for image, (h, w) in zip(images, sizes, strict=True)]
    elif padded is not None:
        padded = high, wide = pair("padded", padded)
        for i, image in enumerate(images):
            if image.shape[0] > high or image.shape[1] > wide:
                raise ValueError(
                    f"padded: expected at least {image.shape}, the size of image {i}, got {padded}"
                )
    if boxes is not None:
        boxes = regions(boxes)
        if len(boxes) != len(images):
            raise ValueError(f"boxes: expected one set for each image, got {len(boxes)}")
        for i, (image, each) in enumerate(zip(images, boxes, strict=True)):
            edge = np.array([*image.shape, *image.shape])
            inside = (each >= 0) & (each <= edge) & np.tile(each[:, :2] < each[:, 2:], 2)
            if not inside.all():
                box = each[int((~inside).any(axis=1).argmax())].tolist()
                raise ValueError(f"boxes: expected regions inside of image {i}, got {box}")
    if names is None:
        names = [f"image {i + 1}" for i in range(len(images))]
    names = listed("names", names)
    for i, name in enumerate(names):
        text(f"names[{i}]", name)
    if len(names) != len(images):
        raise ValueError(f"names: expected {len(images)}, got {len(names)}")
    return images, padded, boxes, names


def regions(boxes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Check the argument ``boxes``: float64 ``(regions, 4)`` for each image."""
    found = []
    for i, each in enumerate(listed("boxes", boxes)):
        array = finite_array(f"boxes[{i}]", each)
        if array.size and array.shape[-1:] != (4,):
            raise ValueError(f"boxes[{i}]: expected shape (regions, 4), got {array.shape}")
        found.append(array.reshape(-1, 4).astype("float64"))
    return found


def full_ink(images: Iterable[np.ndarray], ink: float | None) -> float:
    """Return the value of full ink, given or found, or raise."""
    most = float(max(image.max() for image in images))
    if ink is None:
        return most or 1.0
    if not number("ink", ink) > 0 or most > ink:
        raise ValueError(f"ink: expected a number above 0 and at least {most:g}, got {shown(ink)}")
    return float(ink)


def _regions(
    boxes: np.ndarray, left: float, top: float, scale: float, bottom: float
) -> tuple[str, float]:
    """Draw regions as numbered frames; also return where the lowest number ends."""
    frames = [
        (left + a * scale, top + b * scale, (c - a) * scale, (d - b) * scale)
        for b, a, d, c in boxes.tolist()
    ]
    in_a_line = all(
        a[2] <= b[0] for a, b in itertools.pairwise(sorted(boxes[:, [1, 0, 3]].tolist()))
    )
    tabs = [
        (x + w / 2 - 8, bottom + 4, 16, 14) if in_a_line else (x, y, 14, 14)
        for x, y, w, _ in frames
    ]
    parts = [
        rects(frames, f"fill:none;stroke:{css('panel')};stroke-width:4;stroke-opacity:.7"),
        rects(frames, f"fill:none;stroke:{css('time')};stroke-width:2"),
        rects(tabs, f"fill:{css('time')}"),
    ]
    numbers = "".join(
        f'<text x="{px(x + w / 2)}" y="{px(y + 11)}">{i + 1}</text>'
        for i, (x, y, w, _) in enumerate(tabs)
    )
    look = f'text-anchor="middle" style="fill:{ON_TIME}"'
    parts.append(f"<g {look}>{numbers}</g>")
    return "".join(parts), bottom + 18 if in_a_line else bottom


def extent(real: int, padded: int) -> str:
    """Say a size, and how much padding comes with it."""
    return f"{real} + {padded - real} padding" if padded > real else str(real)
