"""Photographs of varying size: grey values, padding, boxes, masks, and the frames of a clip."""

import base64
import itertools
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from helpers.arguments import (
    boolean,
    integer,
    listed,
    number,
    pair,
    plain_array,
    shown,
)
from helpers.figures.drawing import WIDTH, Drawing, amount, css, px, rects, runs_of, write
from helpers.figures.images import check_images, extent, regions

GREYS = 16
"""How many greys a photograph is drawn with."""

_MOST = (24, 100_000)  # images, and pixels of them all: about 70 kB of markup
_LEFT, _GAP, _BAR = 4, 10, 6  # margin, from one image to the next, room for the bars of the axes
_LETTER, _BOLD = 6.4, 7.3  # room for a letter, in a wide font


def describe_photos(
    images: Sequence[np.ndarray] | Mapping[str, Sequence[np.ndarray]],
    *,
    names: Sequence[str] | None = None,
    sizes: Sequence[Sequence[int] | None] | None = None,
    boxes: Sequence[np.ndarray] | None = None,
    masks: Sequence[np.ndarray | None] | None = None,
    wrong: Iterable[int] = (),
    clip: bool = False,
) -> str:
    """Say in words which photographs there are; the alternative text of `draw_photos`.

    For instance "2 images: image 1, height 40, width 61 + 3 padding; image 2, height 40, width 64."

    Args:
        images: as in `draw_photos`.
        names: as in `draw_photos`.
        sizes: as in `draw_photos`.
        boxes: as in `draw_photos`.
        masks: as in `draw_photos`.
        wrong: as in `draw_photos`.
        clip: as in `draw_photos`.

    Returns:
        The text.

    Raises:
        TypeError: as in `draw_photos`.
        ValueError: as in `draw_photos`.
    """
    lines = _check(images, names, sizes, boxes, masks, wrong, clip)
    told = []
    for head, line in lines:
        if clip:
            said = [_frames(line)]
            said += [
                ", ".join([f"time {t}", *_more(one)]) for t, one in enumerate(line) if _more(one)
            ]
        else:
            said = [", ".join([one.name, *_extents(one), *_more(one)]) for one in line]
        told.append(", ".join(filter(None, [head, "; ".join(said)])))
    if clip:
        return f"{'; '.join(told)}."
    return f"{amount(sum(len(line) for _, line in lines), 'image')}: {'; '.join(told)}."


def draw_photos(
    images: Sequence[np.ndarray] | Mapping[str, Sequence[np.ndarray]],
    *,
    names: Sequence[str] | None = None,
    sizes: Sequence[Sequence[int] | None] | None = None,
    boxes: Sequence[np.ndarray] | None = None,
    masks: Sequence[np.ndarray | None] | None = None,
    wrong: Iterable[int] = (),
    clip: bool = False,
    scale: float | None = None,
    white: float | None = None,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw grey photographs side by side, all to one scale, each under its height and its width.

    They stand in lines as wide as there is room, padding hatched, boxes framed, a dashed line
    around each class of a mask. A mapping begins a line for each of its names. Arguments that go by
    photograph are lists as long as there are photographs, counted through all lines.

    Args:
        images: arrays ``(height, width)`` or ``(height, width, 1)``, integers or floats from 0
            (black) to ``white``. Or a mapping from the name of a line to such a sequence; an array
            ``(time, height, width, 1)`` is one too.
        names: what to call the photographs, or None.
        sizes: for each photograph its true height and width, or None where nothing is padding.
            Padding is below and to the right.
        boxes: for each photograph its boxes ``(regions, 4)``: top, left, bottom and right in
            pixels. A box of zeros, the padding of boxes, is left out.
        masks: for each photograph a class id per pixel, integers or bool ``(height, width)``, or
            None. Class 0 has no line of its own.
        wrong: positions of the photographs to frame and mark as wrong.
        clip: each line is a clip: its frames are numbered by time, and their size stands once.
        scale: logical pixels for a pixel of a photograph, the drawing being 360 wide; None takes
            up to 4, so that two or three photographs, or all frames of a clip, stand in a line.
        white: the value of white; None takes 255, or 1 for floats of which none is above 1.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None writes it with `describe_photos`.

    Returns:
        A `Drawing`.

    Raises:
        TypeError: sizes, or a mask, are not integers.
        ValueError: a shape is wrong, a value is not finite, below 0 or above ``white``, a box lies
            outside of its photograph, a name has more than 40 characters, ``names`` come with
            ``clip``, one photograph at ``scale`` is too wide, or there are more than 24
            photographs, 1000 pixels in an axis, or 100,000 pixels in all.

    Example:
        >>> draw_photos([np.zeros((40, 64)), np.zeros((40, 64))], sizes=[(40, 61), None])
        2 images: image 1, height 40, width 61 + 3 padding; image 2, height 40, width 64.
    """
    given: dict[str, Any] = {"names": names, "sizes": sizes, "boxes": boxes, "masks": masks}
    given |= {"wrong": tuple(listed("wrong", wrong)), "clip": clip}
    described = describe_photos(images, **given)
    lines = _check(images, **given)
    white = _white([one.image for _, line in lines for one in line], white)
    scale = _scale(lines, clip, scale)
    parts, y = [], 2.0
    for head, line in lines:
        if head:
            parts.append(
                f'<text x="{_LEFT}" y="{px(y + 12)}" font-weight="700">{escape(head)}</text>'
            )
            y += 18
        if clip:
            parts.append(write(_LEFT, y + 8, _frames(line)))
            y += 18
        for row in _rows([_Cell(one, scale, t if clip else None) for t, one in enumerate(line)]):
            top = y + 16 * max(len(cell.bold + cell.words) for cell in row) + _BAR
            x = float(_LEFT)
            for cell in row:
                parts.append(cell.draw(x, top, white))
                x += cell.wide + _GAP
            y = top + max(cell.photo.image.shape[0] * scale for cell in row) + 12
    return Drawing("".join(parts), y - 8, described if alt is None else alt, title, caption)


@dataclass
class _Photo:
    """One photograph, checked."""

    image: np.ndarray
    name: str
    named: bool
    size: tuple[int, int]
    boxes: np.ndarray
    mask: np.ndarray | None
    wrong: bool


class _Cell:
    """A photograph with the words over it, and the room that both take."""

    def __init__(self, photo: _Photo, scale: float, time: int | None):
        self.photo, self.scale, self.time = photo, scale, time
        bad = ["wrong"] * photo.wrong
        if time is None:
            name = ", ".join([photo.name] * photo.named + bad)
            self.bold, self.words = [name] * bool(name), _of(photo)
        else:
            self.bold, self.words = bad, [f"time {time}"]
        key = 14 if time is None else 0
        rooms = [_BOLD * len(text) for text in self.bold]
        rooms += [key + _LETTER * len(text) for text in self.words]
        self.left = _BAR if time is None else 0  # the height stands beside a photograph
        self.wide = max(self.left + photo.image.shape[1] * scale, *rooms)

    def draw(self, x: float, top: float, white: float) -> str:
        """Draw the photograph from ``top`` on, and its words over it."""
        photo, scale, left = self.photo, self.scale, x + self.left
        (high, wide), (h, w) = photo.image.shape, photo.size
        bars = {"height": (x, top, 4, h * scale), "width": (left, top - _BAR, w * scale, 4)}
        if self.time is not None:
            bars = {"time": bars["width"]}
        parts = [rects([bar], f"fill:{css(axis)}") for axis, bar in bars.items()]
        for up, words in enumerate([*reversed(self.words), *self.bold]):
            middle, key = top - _BAR - 16 * up - 9, words.split()[0]
            if up >= len(self.words):
                at = f'x="{px(x)}" y="{px(middle + 4)}"'
                parts.append(f'<text {at} font-weight="700">{escape(words)}</text>')
            elif key == "time":
                parts.append(write(x, middle, words))
            else:  # beside the key of the bar that has the colour of the axis
                box = (x + 3, middle - 5, 4, 10) if key == "height" else (x, middle - 2, 10, 4)
                parts.append(rects([box], f"fill:{css(key)}"))
                parts.append(write(x + 14, middle, words))
        parts.append(_raster(photo.image[:h, :w], left, top, scale, white))
        hatched = [
            (left + w * scale, top, (wide - w) * scale, h * scale),
            (left, top + h * scale, wide * scale, (high - h) * scale),
        ]
        parts.append(rects([each for each in hatched if each[2] and each[3]], "fill:url(#hatch)"))
        look = f"stroke:{css('padding')};stroke-width:1"
        if photo.wrong:
            look = f"stroke:{css('error')};stroke-width:2.5;stroke-dasharray:6 2"
        parts.append(rects([(left, top, wide * scale, high * scale)], f"fill:none;{look}"))
        if photo.mask is not None:
            parts.append(_two_tone(_edges(photo.mask, left, top, scale), ";stroke-dasharray:4 2"))
        frames = "".join(
            f"M{px(left + b * scale)} {px(top + a * scale)}H{px(left + d * scale)}"
            f"V{px(top + c * scale)}H{px(left + b * scale)}z"
            for a, b, c, d in photo.boxes.tolist()
        )
        parts.append(_two_tone(frames, ""))
        return "".join(parts)


def _two_tone(path: str, dashes: str) -> str:
    """Draw a line that is seen on black, on white and on every grey between."""
    if not path:
        return ""
    return "".join(
        f'<path style="fill:none;stroke:{css(role)};stroke-width:{wide}{more}" d="{path}"/>'
        for role, wide, more in (("panel", 4, ""), ("ink", 2, dashes))
    )


def _edges(mask: np.ndarray, left: float, top: float, scale: float) -> str:
    """Return the path of the lines between pixels of different classes."""
    framed = np.pad(mask, 1)
    path = ""
    for row, line in enumerate(framed[1:, 1:-1] != framed[:-1, 1:-1]):
        for found, first, count in runs_of(line):
            if found:
                at = f"M{px(left + first * scale)} {px(top + row * scale)}"
                path += f"{at}h{px(count * scale)}"
    for column, line in enumerate((framed[1:-1, 1:] != framed[1:-1, :-1]).T):
        for found, first, count in runs_of(line):
            if found:
                at = f"M{px(left + column * scale)} {px(top + first * scale)}"
                path += f"{at}v{px(count * scale)}"
    return path


def _rows(cells: Sequence[_Cell]) -> list[list[_Cell]]:
    """Break a line of cells into rows that fit the drawing."""
    rows: list[list[_Cell]] = [[]]
    used = 0.0
    for cell in cells:
        if rows[-1] and used + _GAP + cell.wide > WIDTH - 2 * _LEFT + 0.01:
            rows.append([])
        used = cell.wide + (used + _GAP if rows[-1] else 0)
        rows[-1].append(cell)
    return rows


def _scale(lines: list[tuple[str, list[_Photo]]], clip: bool, scale: float | None) -> float:
    """Return the scale, given or found, or raise."""
    widest = max(one.image.shape[1] for _, line in lines for one in line)
    room = WIDTH - 2 * _LEFT - (0 if clip else _BAR)
    if scale is not None:
        if not 0 < number("scale", scale) <= room / widest:
            raise ValueError(
                f"scale: expected a number above 0 and at most {room / widest:.3g}, so that a "
                f"width of {widest} has room, got {shown(scale)}"
            )
        return float(scale)
    most = max(len(line) for _, line in lines)
    beside = most if clip else {4: 2}.get(most, min(most, 3))  # four stand two by two
    bar = 0 if clip else _BAR
    each = (room + bar - _GAP * (beside - 1)) / beside - bar
    found = min(max(each / widest, 1.0), 4.0, room / widest)
    return float(np.floor(found * 100) / 100)


def _white(images: Sequence[np.ndarray], white: float | None) -> float:
    """Return the value of white, given or found, or raise."""
    most = max(float(image.max()) for image in images)
    if white is None:
        floats = all(image.dtype.kind in "fb" for image in images)
        white = 1.0 if floats and most <= 1.001 else 255.0
    white = number("white", white)
    # Interpolation in float32 may end a little above the largest value that it began with.
    if not white > 0 or most > 1.001 * white:
        raise ValueError(
            f"white: expected a number above 0 and at least {most:g}, got {shown(white)}"
        )
    return white


def _raster(image: np.ndarray, x: float, y: float, scale: float, white: float) -> str:
    """Return the SVG elements of a photograph: a PNG, in place and scaled by its group."""
    high, wide = image.shape
    # A thousandth above a half: sums that come out a little different on another machine where
    # they should come out at a half make the same grey.
    shares = np.asarray(image, dtype="float64") / white * (GREYS - 1)
    greys = np.clip(np.floor(shares + 0.501), 0, GREYS - 1).astype(np.uint8)
    data = base64.b64encode(_png(greys)).decode()
    look = ' style="image-rendering:pixelated"' if scale > 1 else ""
    return (
        f'<g transform="translate({px(x)} {px(y)})scale({scale:.6g})">'
        f'<image width="{wide}" height="{high}"{look} href="data:image/png;base64,{data}"/></g>'
    )


def _png(greys: np.ndarray) -> bytes:
    """Return a PNG of 16 greys, stored without compression: the same bytes on every machine.

    Compressed bytes differ from one version of zlib to the next, and stored notebooks are compared.
    """
    high, wide = greys.shape
    pairs = np.pad(greys, ((0, 0), (0, wide % 2))).reshape(high, -1, 2)
    lines = np.pad(pairs[..., 0] << 4 | pairs[..., 1], ((0, 0), (1, 0)))  # 0: a line as it is
    raw = lines.astype(np.uint8).tobytes()
    stored = struct.pack("<BHH", 1, len(raw), len(raw) ^ 0xFFFF) + raw  # one block: at most 65,535
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 4, 0, 0, 0, 0)),
        (b"IDAT", b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(raw))),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _of(photo: _Photo) -> list[str]:
    """Say the height and the width in few words, for there is little room."""
    pairs = zip(("height", "width"), photo.size, photo.image.shape, strict=True)
    return [f"{axis} {real}" + f" of {padded}" * (padded > real) for axis, real, padded in pairs]


def _extents(photo: _Photo) -> list[str]:
    """Say the height and the width of a photograph, and their padding."""
    pairs = zip(("height", "width"), photo.size, photo.image.shape, strict=True)
    return [f"{axis} {extent(real, padded)}" for axis, real, padded in pairs]


def _frames(line: Sequence[_Photo]) -> str:
    """Say how many frames a clip has, and how large they are."""
    sizes = {", ".join(_extents(one)) for one in line}
    return f"{amount(len(line), 'frame')}, {sizes.pop() if len(sizes) == 1 else 'of varying size'}"


def _more(photo: _Photo) -> list[str]:
    """Say what a photograph has beyond its pixels."""
    said = [amount(len(photo.boxes), "box", "boxes")] if len(photo.boxes) else []
    if photo.mask is not None:
        classes = len(set(np.unique(photo.mask).tolist()) - {0})
        said.append(f"{amount(classes, 'class', 'classes')} outlined")
    return said + ["wrong"] * photo.wrong


def _check(
    images: Sequence[np.ndarray] | Mapping[str, Sequence[np.ndarray]],
    names: Sequence[str] | None,
    sizes: Sequence[Sequence[int] | None] | None,
    boxes: Sequence[np.ndarray] | None,
    masks: Sequence[np.ndarray | None] | None,
    wrong: Iterable[int],
    clip: bool,
) -> list[tuple[str, list[_Photo]]]:
    """Check what is to be drawn, and return it line by line."""
    if isinstance(images, Mapping):
        lines = {head: listed(f"images[{shown(head)}]", line) for head, line in images.items()}
    else:
        lines = {"": listed("images", images)}
    boolean("clip", clip)
    counts = [len(line) for line in lines.values()]
    if not counts or 0 in counts:
        raise ValueError("images: expected at least one in each line, got none")
    if clip and names is not None:
        raise ValueError("names: expected None for clips, whose frames are named by time")
    count = sum(counts)
    sizes = None if sizes is None else listed("sizes", sizes)
    masks = None if masks is None else listed("masks", masks)
    for what, each in (("sizes", sizes), ("boxes", boxes), ("masks", masks)):
        if each is not None and len(listed(what, each)) != count:
            raise ValueError(f"{what}: expected one for each of {count} images, got {len(each)}")
    if boxes is not None:
        boxes = [each[each.any(axis=1)] for each in regions(boxes)]
    every = list(itertools.chain.from_iterable(lines.values()))
    checked, _, boxes, called = check_images(every, None, None, boxes, names)
    if count > _MOST[0] or sum(image.size for image in checked) > _MOST[1]:
        raise ValueError(
            f"images: expected at most {_MOST[0]} of at most {_MOST[1]:,} pixels in all, got "
            f"{count} of {sum(image.size for image in checked):,}"
        )
    if side := [max(image.shape) for image in checked if max(image.shape) > 1000]:
        raise ValueError(f"images: expected at most 1000 pixels in an axis, got {side[0]}")
    if longest := [name for name in [*called, *map(str, lines)] if len(name) > 40]:
        raise ValueError(f"names: expected at most 40 characters, got {shown(longest[0])}")
    wrong = {integer("wrong", i) for i in listed("wrong", wrong)}
    if unknown := sorted(wrong - set(range(count))):
        raise ValueError(f"wrong: expected positions from 0 to {count - 1}, got {shown(unknown)}")
    done = [
        _Photo(
            image,
            called[i],
            names is not None,
            _true_size(image, None if sizes is None else sizes[i], i),
            np.zeros((0, 4)) if boxes is None else boxes[i],
            _true_mask(image, None if masks is None else masks[i], i),
            i in wrong,
        )
        for i, image in enumerate(checked)
    ]
    ends = list(itertools.accumulate(counts, initial=0))
    return [
        (str(head), done[a:b]) for head, (a, b) in zip(lines, itertools.pairwise(ends), strict=True)
    ]


def _true_size(image: np.ndarray, size: Sequence[int] | None, i: int) -> tuple[int, int]:
    """Return the height and the width of what is no padding, or raise."""
    if size is None:
        return image.shape
    size = pair(f"sizes[{i}]", size)
    for each, most in zip(size, image.shape, strict=True):
        if each > most:
            raise ValueError(
                f"sizes: expected at most {image.shape}, got {shown(size)} for image {i}"
            )
    return size


def _true_mask(image: np.ndarray, mask: np.ndarray | None, i: int) -> np.ndarray | None:
    """Return a class id per pixel, or raise."""
    if mask is None:
        return None
    mask = plain_array(f"masks[{i}]", mask)
    if mask.dtype.kind not in "iub":
        raise TypeError(f"masks: expected integers or bool, got dtype {mask.dtype} for image {i}")
    mask = mask[..., 0] if mask.ndim == 3 and mask.shape[-1] == 1 else mask
    if mask.shape != image.shape:
        raise ValueError(f"masks: expected shape {image.shape}, got {mask.shape} for image {i}")
    return mask
