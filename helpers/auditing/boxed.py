"""Whether a dataset moves boxes with its pictures: it is drawn with white rectangles and theirs."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed
from helpers.auditing.marked import Marked, drawn_from
from helpers.auditing.pictures import is_picture
from helpers.auditing.rule import Undecided

_PIXELS = 2.5  # that a box may be off
_SHARE = 0.8  # of the boxes that must be where their rectangles are
_CHANCE = 0.2  # of them that may be so in a format that is not theirs
_LARGEST = 1.5  # number of a box in parts of the picture
_FEWEST = 4

# From top, left, bottom, right in pixels; a dataset may hold boxes in any of these ways.
_DRAWS = 4
_FORMATS: dict[str, Callable[..., tuple]] = {
    "yxyx": lambda top, left, bottom, right: (top, left, bottom, right),
    "xyxy": lambda top, left, bottom, right: (left, top, right, bottom),
    "xywh": lambda top, left, bottom, right: (left, top, right - left, bottom - top),
    "center_xywh": lambda top, left, bottom, right: (
        (left + right) / 2,
        (top + bottom) / 2,
        right - left,
        bottom - top,
    ),
}


def boxed(feed: Feed) -> tuple[int, int] | None:
    """Return the places of pictures and of boxes, by name, among inputs and targets; or None."""
    batch = feed.looked[0]
    pairs = keras.tree.flatten_with_path((batch.x, batch.y))
    images = [i for i, (_, leaf) in enumerate(pairs) if is_picture(leaf) and leaf.ndim == 4]
    held = vars(feed.source) if isinstance(feed.source, keras.utils.PyDataset) else ()
    held = held or getattr(getattr(feed.source, "__code__", None), "co_freevars", ())
    known = any("box" in str(name).lower() for name in held)
    for j, (path, leaf) in enumerate(pairs):
        named = known or any("box" in str(key).lower() for key in path)
        if images and named and np.ndim(leaf) in (2, 3) and np.shape(leaf)[-1] == 4:
            return images[0], j
    return None


def boxes_apart(feed: Feed, places: tuple[int, int]) -> str | None:
    """Draw rectangles with their boxes; say how many boxes are elsewhere in every format."""
    best, stay, total = 0, 0, 0
    for form in _FORMATS.values():
        parts = [_off(feed, places, form) for _ in range(_DRAWS)]  # one alone may hardly move any
        off = np.array([row for part, _ in parts for row in part])
        same = sum(count for _, count in parts)
        if len(off) >= _FEWEST:
            best = max(best, int((off <= _PIXELS).sum(axis=0).max()))
            stay, total = max(stay, same), len(off)
            if best >= _SHARE * total:
                return None
    if not total:
        raise Undecided(f"{feed.name}: too few of the marked rectangles stay in the picture")
    if best < _CHANCE * total and stay < _SHARE * total:
        raise Undecided(f"{feed.name}: how it writes boxes is not known")
    return f"in no format of boxes more than {best} of {total} lie around their rectangles"


def _off(feed: Feed, places: tuple[int, int], form: Callable[..., tuple]) -> tuple[np.ndarray, int]:
    """Return how far boxes are off, a column for each format, and how many are as they were."""
    batch = feed.looked[0]
    old = np.asarray(keras.tree.flatten((batch.x, batch.y))[places[1]])
    relative = bool(old.max(initial=0) <= _LARGEST)
    told: list[np.ndarray] = []

    def marks(arrays: list[np.ndarray]) -> list[np.ndarray] | None:
        boxes = [i for i, a in enumerate(arrays) if a.ndim == old.ndim and a.shape[-1] == 4]
        images = [i for i, a in enumerate(arrays) if is_picture(a) and a.ndim == 4]
        for i in images:
            for j in boxes:
                if i != j and len(arrays[i]) == len(arrays[j]):
                    new = list(arrays)
                    new[i], new[j] = _rectangles(arrays[i], arrays[j], form)
                    told.extend(new[j].reshape(len(new[j]), -1, 4)[:, 0].astype("float64"))
                    return new
        return None

    found, same = [], 0
    for drawn in drawn_from(feed, Marked(marks)):
        leaves = keras.tree.flatten(drawn)
        images, boxes = leaves[places[0]], leaves[places[1]]
        for picture, box in zip(images.mean(axis=-1), boxes, strict=True):
            rectangle = _seen(picture)
            if rectangle is not None:
                first = np.asarray(box, "float64").reshape(-1, 4)[0]
                same += any(np.allclose(first, each, atol=1e-3) for each in told)
                pairs = (
                    _written(read, rectangle, picture.shape, relative) for read in _FORMATS.values()
                )
                found.append([np.abs((first - wanted) * scale).max() for wanted, scale in pairs])
    return np.array(found), same


def _written(
    form: Callable[..., tuple], rectangle: Any, size: tuple, relative: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return a box in a format, and what makes pixels of it."""
    height, width = size
    box = np.array(form(*map(float, rectangle)))
    sides = (height, width) if form is _FORMATS["yxyx"] else (width, height)
    scale = np.array(2 * sides, "float64")
    return (box / scale, scale) if relative else (box, np.ones(4))


def _rectangles(
    images: np.ndarray, boxes: np.ndarray, form: Callable[..., tuple]
) -> tuple[np.ndarray, np.ndarray]:
    """Return dark pictures with one white rectangle each, and boxes, the first of them its own."""
    count, height, width = images.shape[:3]
    if min(height, width) < 12:
        raise Undecided(f"pictures of {height} x {width} are too small for marked rectangles")
    random = np.random.default_rng(0)
    relative = bool(boxes.max(initial=0) <= _LARGEST)
    made, told = np.zeros_like(images), np.zeros_like(boxes)
    white = 255 if images.dtype.kind in "ui" else max(float(images.max()), 1.0)
    for row in range(count):
        top = int(random.integers(height // 6, height // 3 + 1))
        left = int(random.integers(width // 6, width // 2 + 1))
        rectangle = (top, left, top + height // 4, left + width // 3)
        made[row, top : rectangle[2], left : rectangle[3]] = white
        told[row] = _written(form, rectangle, (height, width), relative)[0]
    return made, told


def _seen(picture: np.ndarray) -> tuple | None:
    """Return the rectangle around what is white; None where it touches the border."""
    low, high = float(picture.min()), float(picture.max())
    white = picture > (low + high) / 2
    rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
    if high <= low or not len(rows) or 0 in (rows[0], columns[0]):
        return None
    if rows[-1] == len(white) - 1 or columns[-1] == white.shape[1] - 1:
        return None
    return rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
