"""What the tests of drawings share: read back what an SVG holds, and how well colours differ."""

import re
from xml.etree import ElementTree

from helpers import figures

HEIGHT = figures.css("height")


def parsed(drawing):
    return ElementTree.fromstring(drawing.svg)


def words(drawing):
    return [text.text for text in parsed(drawing).iter("text")]


def hatch(drawing):
    return f"url(#{parsed(drawing).find('.//pattern').get('id')})"


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def boxes(drawing, look):
    """The rectangles ``(x, y, width)`` of the paths whose style begins with ``look``."""
    found = []
    for path in parsed(drawing).iter("path"):
        if path.get("style", "").startswith(look):
            runs = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v", path.get("d"))
            found += [tuple(map(float, run)) for run in runs]
    return sorted(found)


def place(drawing, which=0):
    """Where an image stands: its left edge, its upper edge and the size of a pixel."""
    places = [g.get("transform") for g in parsed(drawing).iter("g") if g.get("transform")]
    x, y, scale = map(float, re.findall(r"[\d.]+", places[which]))
    return x, y - scale / 2, scale
