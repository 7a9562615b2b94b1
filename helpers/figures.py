"""Drawings in the shape language of the book: plans, comparisons and bars as inline SVG.

A drawing is plain SVG written by hand, not a picture: its colours are CSS variables, so that it
follows the site's light and dark themes, and its markup is the same on every version of Python and
Matplotlib. Where the site's style sheet is absent (Colab, JupyterLab) the fallback colours on a
light panel read on a white and on a dark page.

Colour never speaks alone: whatever a colour says, a word beside it says too.
"""

import hashlib
import io
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from helpers.batching import Plan

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
_SHOWN_BATCHES = 12  # a longer plan is drawn as its first and last batches
_CELLS = (58, 162)  # left edge and room of the cells; the labels stand on both sides


def css(role: str) -> str:
    """Return the CSS value of a colour role, with its fallback for pages without our style sheet.

    Args:
        role: a key of `PALETTE`, e.g. ``"batch"``.

    Returns:
        ``"var(--shape-batch,#0072B2)"``.

    Raises:
        ValueError: there is no such role.
    """
    if role not in PALETTE:
        raise ValueError(f"role must be one of {', '.join(PALETTE)}; got {role!r}")
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

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": self.alt, "text/html": self.html}


def svg_element(body: str, width: float, height: float, alt: str, key: str) -> str:
    """Wrap SVG elements: panel, hatching, alternative text, ids that begin with ``key``.

    Args:
        body: SVG elements; ``url(#hatch)`` becomes the hatching with this drawing's own id.
        width: logical width in pixels.
        height: logical height in pixels.
        alt: the alternative text.
        key: what makes the ids unique on a page.

    Returns:
        One ``<svg>`` element.
    """
    hatch = (
        f'<defs><pattern id="{key}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)">'
        f'<path style="fill:{css("padding-ground")}" d="M0 0h5v5H0z"/>'
        f'<path style="stroke:{css("padding")};stroke-width:2" d="M0 0v5"/></pattern></defs>'
    )
    body = body.replace("url(#hatch)", f"url(#{key}-hatch)")
    return (
        f'<svg class="re-drawing" role="img" aria-label="{escape(alt)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" '
        f'style="display:block;width:100%;max-width:540px;height:auto;{_FONT};'
        f'color:{css("ink")};background:{css("panel")}">'
        f'{hatch}<g fill="currentColor">{body}</g></svg>'
    )


def figcaption(title: str, caption: str) -> str:
    """Return the ``<figcaption>`` with the title in bold, or nothing when both are empty."""
    head = f"<strong>{escape(title.rstrip('.'))}.</strong>" if title else ""
    text = " ".join(part for part in (head, escape(caption)) if part)
    return f"<figcaption>{text}</figcaption>" if text else ""


def describe_plan(plan: "Plan") -> str:
    """Say in one sentence what an epoch of a plan shows; the alternative text of its drawing.

    Args:
        plan: a plan from `helpers.batching`.

    Returns:
        A sentence such as ``"105 rows in batches of 32: 4 batches, 9 rows in the last; every row
        is seen, none seen twice."``
    """
    kinds = [kind for _, kind in _slots(plan)]
    last, padding = kinds[-1], sum(int((kind == 2).sum()) for kind in kinds)
    again, unseen = int((last == 1).sum()), len(plan.never_seen)
    real = int((last == 0).sum())
    extra = [f"{again} repeated"] * bool(again) + [f"{padding} padding slots"] * bool(padding)
    filled = f"{_count(real, 'row')} in the last" + (f" and {' and '.join(extra)}" if extra else "")
    never = f"{_count(unseen, 'row')} never seen" if unseen else "every row is seen"
    twice = len(plan.seen_twice)
    return (
        f"{_count(plan.n, 'row')} in batches of {plan.batch_size}: "
        f"{_count(len(plan), 'batch', 'batches')}, {filled}; {never}, "
        + (f"{twice} seen twice." if twice else "none seen twice.")
    )


def draw_plan(
    plan: "Plan", *, title: str = "", caption: str = "", alt: str | None = None
) -> Drawing:
    """Draw one epoch of a plan: a line of cells for every batch, a cell for every slot.

    A row is a filled cell (with its number when there is room), a repeated row has a bar through
    it, a padding slot is hatched, and the rows that the epoch never shows stand apart, outlined
    and empty. A plan of more than 12 batches is drawn as its first and last ones.

    Args:
        plan: a plan from `helpers.batching`.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None writes it with `describe_plan`.

    Returns:
        A `Drawing`.
    """
    body, height = _plan_body(plan, top=4)
    return Drawing(body, height, describe_plan(plan) if alt is None else alt, title, caption)


def compare_plans(
    plans: Mapping[str, "Plan"], *, title: str = "", caption: str = "", alt: str | None = None
) -> Drawing:
    """Draw several plans under each other, each under its name.

    Args:
        plans: name -> plan, e.g. the four tail policies.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None names every plan and describes it.

    Returns:
        A `Drawing`.

    Raises:
        ValueError: there is no plan to draw.
    """
    if not plans:
        raise ValueError("plans must hold at least one plan; got none")
    parts, top = [], 0.0
    for name, plan in plans.items():
        parts.append(f'<text x="4" y="{_n(top + 15)}" font-weight="700">{escape(name)}</text>')
        body, top = _plan_body(plan, top=top + 22, shown=5)
        parts.append(body)
        top += 6
    described = " ".join(f"{name}: {describe_plan(plan)}" for name, plan in plans.items())
    return Drawing("".join(parts), top, described if alt is None else alt, title, caption)


def bars(
    values: Mapping[str, float],
    *,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
    wrong: Iterable[str] = (),
    form: str = "{:g}",
) -> Drawing:
    """Draw numbers as horizontal bars, each under its own label and beside its own number.

    Args:
        values: label -> number, finite and not negative.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None lists labels and numbers.
        wrong: labels of the numbers that are wrong: outlined in the colour of errors and marked
            with the word "wrong".
        form: format of the numbers, e.g. ``"{:.3f}"`` or ``"{:.0%}"``.

    Returns:
        A `Drawing`.

    Raises:
        ValueError: there is nothing to draw, a number is negative or not finite, or ``wrong``
            names a label that is not there.
    """
    if not values:
        raise ValueError("values must hold at least one number; got none")
    wrong = (wrong,) if isinstance(wrong, str) else tuple(wrong)
    if unknown := [label for label in wrong if label not in values]:
        raise ValueError(f"wrong must name labels of values; got {unknown}")
    for label, value in values.items():
        if not np.isfinite(value) or value < 0:
            raise ValueError(f"values[{label!r}] must be finite and not negative; got {value}")
    longest = max(values.values()) or 1
    numbers = {
        label: form.format(value) + (" (wrong)" if label in wrong else "")
        for label, value in values.items()
    }
    room = WIDTH - 20 - 8 * max(map(len, numbers.values()))  # beside it stands the number
    parts, spoken = [], []
    for line, (label, value) in enumerate(values.items()):
        top, size = 4 + 36 * line, max(room * value / longest, 1)
        number = escape(numbers[label])
        look = (
            f"fill:{css('panel')};stroke:{css('error')};stroke-width:2;stroke-dasharray:4 2"
            if label in wrong
            else f"fill:{css('batch')};stroke:{css('batch')};stroke-width:2"
        )
        parts.append(
            f'<text x="4" y="{_n(top + 11)}">{escape(label)}</text>'
            f'<path style="{look}" d="M5 {_n(top + 17)}h{_n(size)}v12h-{_n(size)}z"/>'
            f'<text x="{_n(size + 12)}" y="{_n(top + 27)}" font-weight="700">{number}</text>'
        )
        spoken.append(f"{label}: {numbers[label]}")
    described = "Bars. " + "; ".join(spoken) + "."
    height = 36 * len(values) + 4
    return Drawing("".join(parts), height, described if alt is None else alt, title, caption)


def from_matplotlib(figure: "Figure", *, alt: str, title: str = "", caption: str = "") -> Drawing:
    """Turn a Matplotlib figure into a drawing whose text and palette follow the page's theme.

    Colours of `PALETTE` become CSS variables and black becomes the colour of text. The markup can
    differ between versions of Matplotlib, so tag the cell ``nbval-ignore-output``.

    Args:
        figure: the figure, ideally 5 inches wide (360 logical pixels) with 8-point text.
        alt: the alternative text.
        title: first words of the caption.
        caption: the caption.

    Returns:
        A `Drawing`.
    """
    import matplotlib as mpl

    key = hashlib.sha1(alt.encode(), usedforsecurity=False).hexdigest()[:8]
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": key}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    _, _, width, height = map(float, re.search(r'viewBox="([^"]+)"', text).group(1).split())
    body = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.S)
    body = re.sub(r"\s*\n\s*", " ", body)
    body = re.sub(r'\bid="', f'id="re-{key}-', body)
    body = re.sub(r'(href="#|url\(#)', rf"\1re-{key}-", body)
    for role in (*AXES, "padding", "error"):
        body = re.sub(PALETTE[role], css(role), body, flags=re.I)
    body = re.sub("(fill|stroke): #000000", r"\1: currentColor", body)
    return Drawing(body, height, alt, title, caption, width)


def _slots(plan: "Plan") -> list[tuple[np.ndarray, np.ndarray]]:
    """Row numbers and kinds (0 a row, 1 a row seen before, 2 padding) of every batch's slots."""
    seen = np.zeros(plan.n, dtype=bool)
    out = []
    for i in range(len(plan)):
        rows, real = np.asarray(plan[i]), np.asarray(plan.weights(i)) > 0
        kinds = np.where(real, 0, 2)
        for slot in np.flatnonzero(real):
            kinds[slot] = int(seen[rows[slot]])
            seen[rows[slot]] = True
        out.append((rows, kinds))
    return out


def _plan_body(plan: "Plan", *, top: float, shown: int = _SHOWN_BATCHES) -> tuple[str, float]:
    """Return the SVG elements of a plan and the height at which they end."""
    slots = _slots(plan)
    unseen = np.asarray(plan.never_seen)
    widest = max(plan.batch_size, *(len(rows) for rows, _ in slots))
    left, room = _CELLS
    numbered = widest <= 12 and plan.n <= 100
    cell = room / widest if numbered else min(14.0, room / widest)
    cell = min(cell, 24.0)
    tall, pitch = (16, 20) if numbered else (12, 17)
    keep = list(range(len(slots)))
    if len(slots) > shown:
        keep = [*keep[: shown - 3], None, *keep[-2:]]
    runs: dict[int, list[str]] = {0: [], 1: [], 2: []}
    texts, numbers, y = [], [], top + tall / 2
    for i in keep:
        if i is None:
            texts.append(_text(left, y, f"… {len(slots) - shown + 1} more batches …"))
            y += pitch
            continue
        rows, kinds = slots[i]
        for kind, start, size in _runs(kinds):
            runs[kind].append(f"M{_n(left + start * cell)} {_n(y)}h{_n(size * cell - 1)}")
        texts.append(_text(4, y, f"batch {i + 1}"))
        texts.append(_text(left + len(rows) * cell + 6, y, _slot_words(kinds)))
        if numbered:
            numbers += [
                (left + (slot + 0.5) * cell - 0.5, y, int(row), int(kind))
                for slot, (row, kind) in enumerate(zip(rows, kinds, strict=True))
                if kind != 2
            ]
        y += pitch
    parts = [
        _strip(runs[0] + runs[1], css("batch"), tall, cell),
        # a light bar near the upper edge marks a row that the epoch has shown before
        _strip([_shift(run, -tall / 2 + 2.5) for run in runs[1]], css("on-batch"), 2, cell),
        _strip(runs[2], "url(#hatch)", tall, cell),
    ]
    if len(unseen):
        y += 2
        for start in range(0, len(unseen), widest):
            some = unseen[start : start + widest]
            run = f"M{_n(left)} {_n(y)}h{_n(len(some) * cell - 1)}"
            inner = f"M{_n(left + 1.5)} {_n(y)}h{_n(len(some) * cell - 2.5)}"
            parts.append(_strip([run], css("error"), tall, cell))
            parts.append(_strip([inner], css("panel"), tall - 3, cell, gap=4))
            texts.append(_text(left + len(some) * cell + 6, y, f"{len(some)} never seen"))
            if numbered:
                numbers += [
                    (left + (slot + 0.5) * cell - 0.5, y, int(row), 2)
                    for slot, row in enumerate(some)
                ]
            if start >= 2 * widest:  # three lines show the point; the words carry the number
                texts.append(_text(4, y + pitch, f"{len(unseen)} rows never seen in all"))
                y += pitch
                break
            y += pitch
        y += 2
    parts += texts
    for dark in (False, True):
        some = [(x, at, row) for x, at, row, kind in numbers if (kind == 2) is dark]
        if some:
            fill = "" if dark else f' style="fill:{css("on-batch")}"'
            inside = "".join(
                f'<text x="{_n(x)}" y="{_n(at + 3.5)}">{row}</text>' for x, at, row in some
            )
            parts.append(f'<g text-anchor="middle" font-size="10"{fill}>{inside}</g>')
    return "".join(parts), y - tall / 2 + 2


def _runs(kinds: np.ndarray) -> list[tuple[int, int, int]]:
    """Runs of equal kinds as (kind, first slot, number of slots)."""
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
    return [(int(kinds[a]), a, b - a) for a, b in itertools.pairwise(edges) if b > a]


def _slot_words(kinds: np.ndarray) -> str:
    rows, again, padding = (int((kinds == kind).sum()) for kind in range(3))
    words = [_count(rows, "row")] if rows else []
    words += [f"{again} again"] if again else []
    words += [f"{padding} padding"] if padding else []
    return " + ".join(words)


def _strip(runs: list[str], paint: str, tall: float, cell: float, gap: float = 1) -> str:
    """Draw runs of cells as thick dashed lines: one dash a cell, so that 64 cells cost 12 bytes."""
    if not runs:
        return ""
    dash = f"{_n(cell - gap)} {_n(gap)}"
    return (
        f'<path style="fill:none;stroke:{paint};stroke-width:{_n(tall)};stroke-dasharray:{dash}" '
        f'd="{"".join(runs)}"/>'
    )


def _shift(run: str, down: float) -> str:
    start, size = run.split("h")
    x, y = start[1:].split()
    return f"M{x} {_n(float(y) + down)}h{size}"


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{_n(x)}" y="{_n(y + 4)}">{escape(words)}</text>'


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _n(value: float) -> str:
    """A number as SVG wants it: at most two decimals, no trailing zeros."""
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short
