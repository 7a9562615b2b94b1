"""Margins of a plot: room for its labels, from the number of their letters.

Matplotlib's own layouts measure text, and each version measures it otherwise: the data would be
drawn elsewhere. A label counts here as so many letters of one width, on every machine.
"""

import math
import re
from collections import defaultdict
from typing import Any

import numpy as np

PIXELS = 72
"""What Matplotlib draws an inch with in SVG: its points are the drawing's pixels."""

_LETTER, _LINE = 0.62, 1.25  # of a letter, in sizes of the font: as wide as wide fonts have it
_TICK, _GAP = 9, 5  # a tick and the space to its label; from there to the next text
_MATH = re.compile(r"\\[a-zA-Z]+|[$\\{}^]")  # what is not drawn of $10^{2}$
_EDGE = 4  # what stays free around everything
_ENDS = ("left", "right"), ("bottom", "top")  # where the ticks of y can be, and those of x
_LOCATIONS = ("left", "center", "right")  # of titles


def arrange(fig: Any) -> None:
    """Give every grid of axes the margins that its labels need.

    Axes that were placed by hand, polar ones and those of subfigures keep their places. So do the
    margins of a grid that were given to it with ``gridspec_kw``.

    Args:
        fig: A Figure of Matplotlib with 72 dots an inch. Changed in place.

    Raises:
        ValueError: The labels leave no room for data.
    """
    specs = {ax: ax.get_subplotspec() for ax in fig.axes}
    plain = all(ax.name == "rectilinear" and ax.figure is fig for ax in fig.axes)
    if None in specs.values() or not plain:
        return
    specs = {ax: spec.get_topmost_subplotspec() for ax, spec in specs.items()}
    if len({id(spec.get_gridspec()) for spec in specs.values()}) != 1:
        return
    for _ in range(3):  # ticks and labels depend on the room there is, and it on them
        fig.draw_without_rendering()
        sides: dict = defaultdict(int)
        for ax, spec in specs.items():
            left, bottom, right, top = _rooms(ax)
            for place, room in (
                (("left", spec.colspan.start), left),
                (("right", spec.colspan.stop), right),
                (("top", spec.rowspan.start), top),
                (("bottom", spec.rowspan.stop), bottom),
            ):
                sides[place] = max(sides[place], math.ceil(room))
        _adjust(fig, next(iter(specs.values())).get_gridspec(), sides)


def _adjust(fig: Any, grid: Any, sides: dict) -> None:
    """Turn the room at the sides of rows and columns into margins and gaps."""
    wide, high = (round(side) for side in fig.get_size_inches() * PIXELS)
    left = _EDGE + sides["left", 0] + _band(fig.get_supylabel())
    right = _EDGE + sides["right", grid.ncols]
    top = _EDGE + sides["top", 0] + _band(fig.get_suptitle())
    bottom = _EDGE + sides["bottom", grid.nrows] + _band(fig.get_supxlabel())
    columns = [sides["right", n] + sides["left", n] for n in range(1, grid.ncols)]
    rows = [sides["bottom", n] + sides["top", n] for n in range(1, grid.nrows)]
    across, down = max(columns, default=0) + 8, max(rows, default=0) + 6
    each = (wide - left - right - across * (grid.ncols - 1)) / grid.ncols
    tall = (high - top - bottom - down * (grid.nrows - 1)) / grid.nrows
    if min(each, tall) < 8:
        raise ValueError(
            f"fig: expected labels that leave room for data, got {each:.0f} x {tall:.0f} pixels "
            f"for each plot of a figure of {wide} x {high}"
        )
    fig.subplots_adjust(
        left=left / wide,
        right=1 - right / wide,
        top=1 - top / high,
        bottom=bottom / high,
        wspace=across / each,
        hspace=down / tall,
    )


def _band(words: str) -> int:
    """Pixels along an edge for a title or a label of the whole figure."""
    return 26 + 18 * words.count("\n") if words else 0


def _rooms(ax: Any) -> tuple[float, float, float, float]:
    """Pixels that the texts of ``ax`` need to its left, below, to its right and above."""
    fig = ax.figure
    size = np.tile(fig.get_size_inches() * PIXELS, 2)
    rooms = dict.fromkeys(("left", "bottom", "right", "top"), 0.0)
    x0, y0, x1, y1 = ax.get_position().extents * size
    if ax.axison and ax.get_visible():
        _axis(ax.yaxis, 0, (x1 - x0, y1 - y0), rooms)
        _axis(ax.xaxis, 1, (x1 - x0, y1 - y0), rooms)
    titles = [_extent(ax.get_title(loc), ax.title.get_fontsize()) for loc in _LOCATIONS]
    rooms["top"] += max(height + _GAP * (height > 0) for _, height in titles)
    if (legend := ax.get_legend()) and legend.get_texts():
        _legend(legend, x1, y1, rooms)
    for text in ax.texts:
        width, height = _turned(text)
        if not text.get_visible() or not width:
            continue
        x, y = text.get_transform().transform(text.get_position())
        x -= {"left": 0, "center": 0.5, "right": 1}[text.get_ha()] * width
        y -= {"bottom": 0, "baseline": 0.2, "top": 1}.get(text.get_va(), 0.5) * height
        over = (x0 - x, y0 - y, x + width - x1, y + height - y1)
        for side, much in zip(rooms, over, strict=True):
            rooms[side] = max(rooms[side], much)
    return rooms["left"], rooms["bottom"], rooms["right"], rooms["top"]


def _legend(legend: Any, right: float, top: float, rooms: dict[str, float]) -> None:
    """Add the room of a legend that is above the axes or to their right."""
    box = legend.get_window_extent()
    size = max(text.get_fontsize() for text in legend.get_texts())
    if box.y0 > top - 1:
        rooms["top"] = max(rooms["top"], (round(box.height / size / 1.7) * 1.7 + 1) * size)
    if box.x0 > right - 1:
        widths = [_extent(text.get_text(), size)[0] for text in legend.get_texts()]
        rooms["right"] = max(rooms["right"], max(widths) + 3.6 * size)


def _axis(axis: Any, along: int, box: tuple[float, float], rooms: dict[str, float]) -> None:
    """Add the room of an axis with its ticks and its label, and put the label at its place."""
    if not axis.get_visible():
        return
    low, high = sorted(axis.get_view_interval())
    slack = (high - low) * 1e-9
    ticks = [
        label
        for label in axis.get_ticklabels(which="both")
        if label.get_text() and low - slack <= label.get_position()[1 - along] <= high + slack
    ]
    sizes = [_turned(label) for label in ticks]
    side = axis.get_label_position()
    at = axis.get_ticks_position()
    ends = _ENDS[along]
    at = at if at in ends else ends[0]
    need = max((each[along] for each in sizes), default=0.0) + _TICK * bool(axis.get_ticklines())
    rooms[at] = max(rooms[at], need)
    if sizes:  # half of the first and of the last label hang over
        over = max(each[1 - along] for each in (sizes[0], sizes[-1])) / 2
        for end in _ENDS[1 - along]:
            rooms[end] = max(rooms[end], over)
    if not axis.get_label_text():
        return
    away = rooms[side] + _GAP if side == at else float(_GAP)
    share = away / box[along]
    place = -share if side == ends[0] else 1 + share
    axis.set_label_coords(*((place, 0.5) if along == 0 else (0.5, place)))
    height = _extent(axis.get_label_text(), axis.label.get_fontsize())[1]
    turned = along == 0 and axis.label.get_rotation() % 180 == 0
    rooms[side] = away + (_turned(axis.label)[0] if turned else height)


def _turned(text: Any) -> tuple[float, float]:
    """Width and height of a text, turned as it is."""
    width, height = _extent(text.get_text(), text.get_fontsize())
    angle = math.radians(text.get_rotation())
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    return width * cos + height * sin, width * sin + height * cos


def _extent(words: str, size: float) -> tuple[float, float]:
    """Width and height of words in a font of ``size`` pixels."""
    lines = _MATH.sub("", words).split("\n") if words else []
    return max(map(len, lines), default=0) * _LETTER * size, len(lines) * _LINE * size
