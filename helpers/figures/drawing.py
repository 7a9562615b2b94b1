"""The drawing itself: colours, the SVG element with its alternative text, and the caption."""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from helpers.arguments import choice, number, shown, text

AXES = ("batch", "time", "features", "height", "width")
"""The axis names that have a colour of their own."""

PALETTE = {
    "batch": "#0072B2",
    "time": "#E69F00",
    "features": "#009E73",
    "height": "#CC79A7",
    "width": "#56B4E9",
    "padding": "#6E7781",
    "padding-ground": "#E8EAED",
    "masked": "#6E7781",
    "error": "#D55E00",
    "ink": "#1F2328",
    "muted": "#57606A",
    "on-batch": "#FFFFFF",
    "panel": "#FFFFFF",
}
"""Colours on a light page. ``book/_static/shape-language.css`` has the same values."""

PALETTE_DARK = {
    "batch": "#4A9EDB",
    "time": "#F0B43C",
    "features": "#2FBF93",
    "height": "#DE9CC2",
    "width": "#9AD7F7",
    "padding": "#9AA4AE",
    "padding-ground": "#2B3138",
    "masked": "#9AA4AE",
    "error": "#F5834A",
    "ink": "#E6E9ED",
    "muted": "#A9B3BD",
    "on-batch": "#0B1620",
    "panel": "#14181D",
}
"""The same roles on a dark page."""

WIDTH = 360
"""Logical width of every drawing in pixels: text stays readable on a screen 360 pixels wide."""

_FONT = "font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
MOST_SHOWN = 12  # a longer plan is drawn as its first and last batches
ON_TIME = "#1F2328"  # dark on both themes: the colour of time is light on both


def css(role: str) -> str:
    """Return the CSS value of a colour role, with its fallback for pages without our style sheet.

    Args:
        role: a key of `PALETTE`, e.g. ``"batch"``.

    Returns:
        ``"var(--shape-batch,#0072B2)"``.

    Raises:
        ValueError: there is no such role.
    """
    choice("role", role, tuple(PALETTE))
    return f"var(--shape-{role},{PALETTE[role]})"


@dataclass(frozen=True)
class Drawing:
    """A drawing that shows itself in a notebook as inline SVG with a caption.

    Attributes:
        body: the SVG elements inside the ``<svg>``; ``url(#hatch)`` is the padding's hatching.
        height: logical height in pixels (the width is `WIDTH` unless given).
        alt: the alternative text; also the plain text of the drawing.
        title: first words of the caption, set in bold.
        caption: the caption, readable without the drawing.
        width: logical width in pixels.
    """

    body: str
    height: float
    alt: str
    title: str = ""
    caption: str = ""
    width: float = WIDTH

    def __post_init__(self) -> None:
        for name in ("body", "alt", "title", "caption"):
            text(name, getattr(self, name))
        number("height", self.height)
        number("width", self.width)

    @property
    def svg(self) -> str:
        """The drawing as one ``<svg>`` element with ``role="img"`` and the alternative text."""
        key = hashlib.sha1(f"{self.alt}{self.body}".encode(), usedforsecurity=False).hexdigest()[:8]
        return svg_element(self.body, self.width, self.height, self.alt, f"re-{key}")

    @property
    def html(self) -> str:
        """The drawing as a ``<figure>`` with its caption."""
        return (
            f'<figure class="re-figure">{self.svg}{figcaption(self.title, self.caption)}</figure>'
        )

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.alt, "text/html": self.html}


def svg_element(
    body: str, width: float, height: float, alt: str, key: str, *, widest: float = 540
) -> str:
    """Wrap SVG elements: panel, hatching, alternative text, ids that begin with ``key``.

    Args:
        body: SVG elements; ``url(#hatch)`` becomes the hatching with this drawing's own id.
        width: logical width in pixels.
        height: logical height in pixels.
        alt: the alternative text.
        key: what makes the ids unique on a page.
        widest: how wide the element becomes where there is room, in pixels of the page.

    Returns:
        One ``<svg>`` element.
    """
    for name, words in (("body", body), ("alt", alt), ("key", key)):
        text(name, words)
    number("width", width)
    number("height", height)
    number("widest", widest)
    hatch = (
        f'<defs><pattern id="{key}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)">'
        f'<path style="fill:{css("padding-ground")}" d="M0 0h5v5H0z"/>'
        f'<path style="stroke:{css("padding")};stroke-width:2" d="M0 0v5"/></pattern></defs>'
    )
    body = body.replace("url(#hatch)", f"url(#{key}-hatch)")
    inner = f'{hatch}<g fill="currentColor">{body}</g>'
    return svg_frame(inner, width, height, alt, f"max-width:{px(widest)}px")


def svg_frame(inner: str, width: float, height: float, alt: str, sides: str, kind: str = "") -> str:
    """Put SVG elements into one ``<svg>`` with panel, ink, alternative text and its ``sides``."""
    return (
        f'<svg class="{f"re-drawing {kind}".strip()}" role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {px(width)} {px(height)}" '
        f'style="display:block;width:100%;{sides};height:auto;{_FONT};'
        f'color:{css("ink")};background:{css("panel")}">{inner}</svg>'
    )


def figcaption(title: str, caption: str) -> str:
    """Return the ``<figcaption>`` with the title in bold, or nothing when both are empty."""
    text("title", title)
    text("caption", caption)
    head = f"<strong>{escape(title.rstrip('.'))}.</strong>" if title else ""
    words = " ".join(part for part in (head, escape(caption)) if part)
    return f"<figcaption>{words}</figcaption>" if words else ""


def rects(boxes: Iterable[tuple[float, float, float, float]], look: str) -> str:
    """Draw rectangles ``(x, y, width, height)`` of one look as one path."""
    path = "".join(f"M{px(x)} {px(y)}h{px(w)}v{px(h)}h{px(-w)}z" for x, y, w, h in boxes)
    return f'<path style="{look}" d="{path}"/>' if path else ""


def write(x: float, y: float, words: str) -> str:
    """Return a text whose middle is at height ``y``."""
    return f'<text x="{px(x)}" y="{px(y + 4)}">{escape(words)}</text>'


def formed(form: str, value: float) -> str:
    """Write a number in the format ``form``, or say what is wrong with that."""
    text("form", form)
    try:
        return form.format(value)
    except (ValueError, LookupError, AttributeError, TypeError):  # what `format` raises
        raise ValueError(
            f"form: expected the format of a number, such as '{{:.2f}}', got {shown(form)}"
        ) from None


def check_plan(plan: Any, kinds: Sequence[str] = ("Plan",), name: str = "plan") -> None:
    """Say so if ``plan`` is none; the class is known by its name: figures import no plans."""
    if not {each.__name__ for each in type(plan).__mro__} & set(kinds):
        raise TypeError(f"{name}: expected a plan of helpers.batching, got {type(plan).__name__}")


def px(value: float) -> str:
    """A number as SVG wants it: at most two decimals, no trailing zeros."""
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def amount(count: int, one: str, many: str = "") -> str:
    """Say a number with its noun: 1 row, 2 rows."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def first_and_last(count: int, most: int) -> list[int | None]:
    """Which batches of a plan are drawn; None stands for those that are left out."""
    every: list[int | None] = list(range(count))
    return every if count <= most else [*every[: most - 3], None, *every[-2:]]


def runs_of(kinds: np.ndarray) -> list[tuple[int, int, int]]:
    """Runs of equal kinds as (kind, first slot, number of slots)."""
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
    return [(int(kinds[a]), a, b - a) for a, b in itertools.pairwise(edges) if b > a]
