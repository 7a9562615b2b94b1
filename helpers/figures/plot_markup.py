"""What is kept of the SVG that Matplotlib writes: data, text, and colours that follow the theme."""

import hashlib
import re
from collections.abc import Iterable
from html import escape
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from helpers.figures.drawing import PALETTE, css

TEXT = 14
"""The size of text in pixels of the drawing, and the smallest there is."""

LOOSE = "loose"
"""How the ids of groups begin whose place depends on the width of text."""

_ROLES = {value.lower(): role for role, value in reversed(PALETTE.items())}
_ROLES |= {"#000000": "ink", "#ffffff": "panel"}
_NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")
_PLACES = ("d", "x", "y", "width", "height", "transform")
_LOOSE = (LOOSE, "text_", "legend_")
_NEEDLESS = {"font-family", "-inkscape-stroke"}
_DEFAULTS = {
    ("fill", PALETTE["ink"].lower()),
    ("font-size", f"{TEXT}px"),
    ("image-rendering", "crisp-edges"),
    ("stroke-linejoin", "round"),
    ("text-anchor", "start"),
}


def cleaned(svg: str, key: str) -> str:
    """Return the elements of an SVG of Matplotlib as short markup, the same on every machine.

    Ids begin with ``key``, colours of the palette become CSS variables, coordinates are rounded to
    a tenth of a pixel. What depends on how wide text is has the attribute ``data-loose``, with its
    place after it; an image has a digest of its pixels before its bytes. So a comparison can leave
    out what differs from version to version.

    Args:
        svg: what ``savefig`` wrote, with text as text.
        key: what makes the ids unique on a page.

    Returns:
        SVG elements.
    """
    used = dict.fromkeys(re.findall(r'(?:url\(|href=")#([\w.-]+)', svg))
    ids = {name: f"{key}-{number}" for number, name in enumerate(used, 1)}
    root = ElementTree.fromstring(svg)
    return "".join(_written(child, ids, False) for child in root)


def _written(element: ElementTree.Element, ids: dict[str, str], loose: bool) -> str:
    """One element and what it holds; a group that says nothing is left out."""
    tag = element.tag.rpartition("}")[2]
    if tag in ("metadata", "style"):
        return ""
    loose = loose or element.get("id", "").startswith(_LOOSE)
    attributes = _attributes(element, tag, ids, loose)
    words = element.text or ""
    inner = escape(words) if tag in ("text", "tspan") and not len(element) else ""
    inner += "".join(_written(child, ids, loose) for child in element)
    if tag in ("g", "defs") and (not inner or (tag == "g" and not attributes)):
        return inner
    look = attributes.get("style", "")
    seen = "fill:none" not in look or "stroke:" in look
    if tag == "path" and not seen and "id" not in attributes:
        return ""
    head = " ".join([tag, *(f'{name}="{value}"' for name, value in attributes.items())])
    return f"<{head}>{inner}</{tag}>" if inner else f"<{head}/>"


def _attributes(
    element: ElementTree.Element, tag: str, ids: dict[str, str], loose: bool
) -> dict[str, str]:
    """The attributes that are kept, in the order that comparisons count on."""
    given = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
    kept = {}
    if given.get("id") in ids:
        kept["id"] = ids[given["id"]]
    if "patternUnits" in given:
        kept["patternUnits"] = given["patternUnits"]
    if "clip-path" in given:
        kept["clip-path"] = _renamed(given["clip-path"], ids)
    look = [each.partition(":")[::2] for each in given.get("style", "").split(";")]
    look += [(name, given[name]) for name in ("fill", "stroke") if name in given]
    if style := _look(look, ids):
        kept["style"] = style
    if tag == "image" and abs(float(_NUMBER.findall(given.get("transform", "1"))[0])) < 1:
        kept.pop("style", None)  # an image made smaller is smoothed
    places = {name: _rounded(name, given[name]) for name in _PLACES if given.get(name)}
    places = {name: value for name, value in places.items() if value}
    if loose and places and tag != "image":
        kept["data-loose"] = ""
    kept |= places
    href = given.get("href", "")
    if href.startswith("data:"):
        href = "".join(href.split())
        kept["data-pixels"] = _digest(href)
    if href:
        kept["href"] = _renamed(href, ids)
    return kept


def _look(pairs: Iterable[tuple[str, str]], ids: dict[str, str]) -> str:
    """The style without what the whole drawing has, in colours of the palette."""
    kept = []
    for name, value in ((name.strip(), value.strip()) for name, value in pairs):
        if not name or name in _NEEDLESS or (name, value) in _DEFAULTS:
            continue
        value = re.sub("#[0-9a-f]{6}", lambda found: _colour(found[0]), value)
        value = _renamed(value, ids)
        kept.append(f"{name}:{value}")
    return ";".join(kept)


def _colour(value: str) -> str:
    """A colour as CSS wants it: that of a role follows the theme."""
    return css(_ROLES[value]) if value in _ROLES else value


def _renamed(value: str, ids: dict[str, str]) -> str:
    """A reference with the new name of what it leads to."""
    return re.sub(r"#([\w.-]+)", lambda found: f"#{ids.get(found[1], found[1])}", value)


def _rounded(name: str, value: str) -> str:
    """Coordinates with one decimal, those of a transform with three."""
    if name == "transform":
        value = re.sub(r"rotate\(-?0(?:\.0+)? [^)]*\)", "", value).strip()
        places = 1 if value.startswith(("rotate", "translate")) else 3
    else:
        places = 1
    value = _NUMBER.sub(lambda found: _short(float(found[0]), places), value)
    return re.sub(r" ?([MLQCz]) ?", r"\1", " ".join(value.split())) if name == "d" else value


def _short(number: float, places: int) -> str:
    """A number without trailing zeros."""
    short = f"{number:.{places}f}"
    short = short.rstrip("0").rstrip(".") if "." in short else short
    return "0" if short == "-0" else short


def _digest(address: str) -> str:
    """A digest of the pixels: their compressed bytes differ from one zlib to the next."""
    from base64 import b64decode

    from matplotlib.image import imread

    pixels: Any = imread(BytesIO(b64decode(address.partition(",")[2])), format="png")
    shade = (pixels * 255).round().astype("uint8")
    said = f"{shade.shape}".encode() + shade.tobytes()
    return hashlib.sha1(said, usedforsecurity=False).hexdigest()[:12]
