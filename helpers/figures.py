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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from helpers.batching import Plan
    from helpers.masking import Trace

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


def describe_padded(mask: np.ndarray, seen: np.ndarray | None = None) -> str:
    """Say in words what a padded batch holds; the alternative text of `draw_padded`.

    Args:
        mask: bool ``(batch, time)``, True where a timestep is real.
        seen: bool ``(batch, time)``, True where the model takes a timestep in; None leaves it out.

    Returns:
        Text such as ``"2 rows padded to 5 steps: row 1, 5 steps; row 2, 3 steps + 2 padding."``

    Raises:
        TypeError: ``mask`` or ``seen`` is not bool.
        ValueError: ``mask`` is not ``(batch, time)`` or ``seen`` differs from it in shape.
    """
    mask, seen = _mask(mask, "mask"), None if seen is None else _mask(seen, "seen")
    _same_shape(mask, seen, "seen")
    batch, steps = mask.shape
    rows = [f"row {i + 1}, {_row_words(row)}" for i, row in enumerate(mask)]
    text = f"{_count(batch, 'row')} padded to {_count(steps, 'step')}: {'; '.join(rows)}."
    if seen is not None:
        both = enumerate(zip(mask, seen, strict=True), 1)
        told = [f"row {i}, {_seen_words(row, sees)}" for i, (row, sees) in both]
        text += f" The model sees: {'; '.join(told)}."
    return text


def draw_padded(
    mask: np.ndarray,
    values: np.ndarray | None = None,
    *,
    seen: np.ndarray | None = None,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw one padded batch: a line of cells for every row, a cell for every timestep.

    A real step is filled with the colour of time, a padding step is hatched. With ``seen`` every
    row has a second line, what the model sees: a step that it skips is outlined and empty, so
    padding that it takes in stays hatched.

    Args:
        mask: bool ``(batch, time)``, True where a timestep is real, as `helpers.padding.pad`
            returns it.
        values: numbers or texts ``(batch, time)`` to write into the cells; None writes nothing.
        seen: the mask that the model gets, bool ``(batch, time)``; all True if it gets none. None
            leaves the second line out.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None writes it with `describe_padded`.

    Returns:
        A `Drawing`.

    Raises:
        TypeError: ``mask`` or ``seen`` is not bool.
        ValueError: a shape is wrong, there are more than 12 rows or 64 steps, or a value is too
            long for its cell.

    Example:
        >>> array, mask = pad([[5, 6, 7], [8]])  # doctest: +SKIP
        >>> draw_padded(mask, array)  # doctest: +SKIP
        2 rows padded to 3 steps: row 1, 3 steps; row 2, 1 step + 2 padding.
    """
    described = describe_padded(mask, seen)
    mask = np.asarray(mask)
    batch, steps = mask.shape
    if batch > _SHOWN_BATCHES or steps > 64:
        raise ValueError(f"mask: expected at most 12 rows of 64 steps, got {mask.shape}")
    if values is not None:
        values = np.asarray(values)
        _same_shape(mask, values, "values")
    cell = min(32.0, (WIDTH - 8) / steps)
    parts, y = [], 2.0
    for row in range(batch):
        shown = None if values is None else [str(value) for value in values[row]]
        parts.append(_text(4, y + 9, f"row {row + 1}, {_row_words(mask[row])}"))
        parts.append(step_cells(4, y + 19, cell, mask[row], shown))
        y += 43
        if seen is not None:
            told = _seen_words(mask[row], np.asarray(seen)[row])
            parts.append(_text(4, y + 7, f"the model sees {told}"))
            parts.append(step_cells(4, y + 17, cell, mask[row], shown, np.asarray(seen)[row]))
            y += 47
    return Drawing("".join(parts), y, described if alt is None else alt, title, caption)


FATES = {
    "no mask": "no mask",
    "born": "the mask is born",
    "kept": "kept",
    "consumed": "consumed",
    "dropped with a warning": "dropped with a warning",
    "dropped silently": "dropped silently",
}
"""What can become of a mask at a layer, and the words that `draw_mask_path` writes beside it."""


def draw_mask_path(
    steps: "Iterable[tuple[str, str]] | Trace",
    *,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw where a mask goes on its way through a model: the layers, and a line beside them.

    The line begins with a dot where the mask is born and is solid while it lives. It ends in a dot
    where a layer uses it up, and in a cross where a layer drops it.

    Args:
        steps: pairs ``(name, fate)`` in the order of execution, a fate being a key of `FATES`; or
            a trace of `helpers.masking`, whose steps have a name and a fate.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None lists names and fates.

    Returns:
        A `Drawing`.

    Raises:
        ValueError: there are no steps, or a fate is unknown.

    Example:
        >>> draw_mask_path([("masking", "born"), ("flatten", "dropped silently")])
        The way of the mask: masking, the mask is born; flatten, dropped silently.
    """
    given = getattr(steps, "steps", steps)
    steps = [(each.name, each.fate) if hasattr(each, "fate") else tuple(each) for each in given]
    if not steps:
        raise ValueError("steps: expected at least one pair (name, fate), got none")
    for name, fate in steps:
        if fate not in FATES:
            raise ValueError(f"steps: expected a fate of {list(FATES)}, got {fate!r} for {name!r}")
    comes = [fate not in ("no mask", "born") for _, fate in steps]
    goes = [fate in ("born", "kept") for _, fate in steps]
    x, parts, line, y = 14.0, [], [], 4.0
    alive, below = False, 4.0
    for i, (name, fate) in enumerate(steps):
        lost, words = fate.startswith("dropped"), FATES[fate]
        wraps = len(name) > 27  # beside so long a name there is no room for words
        middle, tall = y + 11, 41 if wraps else 25
        # A layer without a mask stands beside the line if the mask is used further down.
        later = next((fate for _, fate in steps[i:] if fate != "no mask"), "born")
        if comes[i] or (alive and later != "born"):
            line.append(f"M{_n(x)} {_n(below)}V{_n(middle)}")
        alive = goes[i] or (alive and fate == "no mask")
        below = middle
        ink = css("error") if lost else css("time") if fate != "no mask" else css("muted")
        fill = css("panel") if fate == "no mask" else ink
        if lost:
            cross = f"M{_n(x - 5)} {_n(middle - 5)}l10 10m0-10l-10 10"
            parts.append(f'<path style="fill:none;stroke:{ink};stroke-width:3" d="{cross}"/>')
        elif fate == "kept":
            parts.append(_boxes([(x - 6, middle - 1.5, 12, 3)], f"fill:{ink}"))
        else:
            look = f"fill:{fill};stroke:{ink};stroke-width:1.5"
            parts.append(f'<circle cx="{_n(x)}" cy="{_n(middle)}" r="4.5" style="{look}"/>')
        parts.append(_text(30, middle, name))
        bold = ' font-weight="700"' if lost else ""
        place = (30, middle + 16) if wraps else (212, middle)
        mute = f' style="fill:{css("muted")}"' if fate == "no mask" else ""
        parts.append(
            f'<text x="{place[0]}" y="{_n(place[1] + 4)}"{bold}{mute}>{escape(words)}</text>'
        )
        y += tall
    look = f"fill:none;stroke:{css('time')};stroke-width:3"
    body = (f'<path style="{look}" d="{"".join(line)}"/>' if line else "") + "".join(parts)
    listed = "; ".join(f"{name}, {FATES[fate]}" for name, fate in steps)
    described = f"The way of the mask: {listed}."
    return Drawing(body, y, described if alt is None else alt, title, caption)


def reach(steps: int, padding: int, *, kernel: int, layers: int, zeros: bool = True) -> np.ndarray:
    """Tell which steps of a stack of convolutions depend on the padding behind a row.

    The convolutions are `Conv1D` layers with stride 1 and ``padding="same"``, with biases, and
    without a mask: the step at t sees ``(kernel - 1) // 2`` steps before it and ``kernel // 2``
    steps behind it.

    Args:
        steps: number of real steps.
        padding: number of padding steps behind them.
        kernel: kernel size.
        layers: number of convolutions.
        zeros: the padding holds zeros. Then the first convolution cannot tell it from the zeros
            that ``padding="same"`` itself adds behind the row, and real steps change from the
            second one on.

    Returns:
        bool ``(layers + 1, steps)``, the input first: True where a real step differs from that of
        the row alone.

    Raises:
        TypeError: a number is not an integer.
        ValueError: ``steps``, ``kernel`` or ``layers`` is less than 1, or ``padding`` less than 0.

    Example:
        >>> reach(5, 3, kernel=3, layers=3).sum(axis=1).tolist()
        [0, 0, 1, 2]
    """
    least = {"steps": (steps, 1), "padding": (padding, 0), "kernel": (kernel, 1)}
    for name, (number, low) in {**least, "layers": (layers, 1)}.items():
        _at_least(name, number, low)
    before, behind = (kernel - 1) // 2, kernel // 2
    # Behind a row that stands alone there is nothing but the zeros of padding="same".
    other = np.arange(steps + padding) >= steps
    differs = [other & (not zeros)]
    for _ in range(layers):
        last = differs[-1]
        sees = [last[max(t - before, 0) : t + behind + 1].any() for t in range(len(last))]
        # A padding step comes out as something, the bias at least; alone there is none.
        differs.append(np.array(sees) | other)
    return np.array(differs)[:, :steps]


def draw_reach(
    steps: int,
    padding: int,
    *,
    kernel: int,
    layers: int,
    zeros: bool = True,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw how far padding reaches into a row through a stack of convolutions.

    A line of cells for the input and for every convolution: the real steps, the border, and the
    padding behind it, hatched. A real step that the padding has changed is outlined in the colour
    of errors, with a cross. What is drawn is computed by `reach`.

    Args:
        steps: number of real steps.
        padding: number of padding steps behind them, at least 1.
        kernel: kernel size.
        layers: number of convolutions, at most 8.
        zeros: the padding holds zeros.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None says how many steps each convolution changes.

    Returns:
        A `Drawing`.

    Raises:
        TypeError: a number is not an integer.
        ValueError: a number is too small, there are more than 8 layers, or more than 40 cells in
            a line.
    """
    changed = reach(steps, padding, kernel=kernel, layers=layers, zeros=zeros)
    if padding < 1:
        raise ValueError(f"padding: expected at least 1, got {padding}")
    if layers > 8:
        raise ValueError(f"layers: expected at most 8, got {layers}")
    if steps + padding > 40:
        raise ValueError(f"steps + padding: expected at most 40, got {steps + padding}")
    cell, left = min(28.0, (WIDTH - 12) / (steps + padding)), 4.0
    border = left + steps * cell + 1.5  # between two cells, with a little air on both sides
    says = [f"the input: {_count(steps, 'real step')}, {padding} padding"]
    for layer, moved in enumerate(changed[1:].sum(axis=1), 1):
        which = f"{moved} of {steps} steps changed" if moved else "no real step changed"
        says.append(f"after {_count(layer, 'convolution')}: {which}")
    parts, y = [], 2.0
    for words, row in zip(says, changed, strict=True):
        parts.append(_text(left, y + 9, words))
        parts.append(_reached_cells(left, y + 19, cell, row))
        parts.append(step_cells(border + 2.5, y + 19, cell, np.zeros(padding, dtype=bool)))
        y += 43
    look = f"fill:none;stroke:{css('ink')};stroke-width:2"
    lines = "".join(f"M{_n(border)} {_n(18 + 43 * i)}v24" for i in range(len(says)))
    parts.append(f'<path style="{look}" d="{lines}"/>')
    at = _n(min(max(border, 24), WIDTH - 24))
    parts.append(f'<text x="{at}" y="{_n(y + 11)}" text-anchor="middle">border</text>')
    described = f"Convolutions of kernel {kernel}. " + "; ".join(says) + "."
    return Drawing("".join(parts), y + 18, described if alt is None else alt, title, caption)


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
    levels = np.ceil(np.asarray(image, dtype="float64") / ink * INK_LEVELS).astype(int)
    paths = []
    for level in range(1, INK_LEVELS + 1):
        runs = [
            f"M{start} {row}h{size}"
            for row, line in enumerate(levels)
            for found, start, size in _runs(line)
            if found == level
        ]
        if runs:
            paths.append(f'<path stroke-opacity="{_n(level / INK_LEVELS)}" d="{"".join(runs)}"/>')
    if not paths:
        return ""
    place = f"translate({_n(x)} {_n(y + scale / 2)})scale({_n(scale)})"
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

    Args:
        images: as in `draw_images`.
        sizes: as in `draw_images`.
        padded: as in `draw_images`.
        boxes: as in `draw_images`.
        names: as in `draw_images`.

    Returns:
        Text such as ``"2 images padded to height 8 and width 31: image 1, height 8, width 31;
        image 2, height 8, width 24 + 7 padding."``

    Raises:
        TypeError: as in `draw_images`.
        ValueError: as in `draw_images`.
    """
    images, padded, boxes, names = _pictures(images, sizes, padded, boxes, names)
    told = []
    for i, (image, name) in enumerate(zip(images, names, strict=True)):
        high, wide = padded or image.shape
        text = f"{name}, height {_extent(image.shape[0], high)}"
        text += f", width {_extent(image.shape[1], wide)}"
        told.append(text + (f", {_count(len(boxes[i]), 'region')}" if boxes else ""))
    to = f" padded to height {padded[0]} and width {padded[1]}" if padded else ""
    return f"{_count(len(images), 'image')}{to}: {'; '.join(told)}."


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
    images, padded, boxes, names = _pictures(images, sizes, padded, boxes, names)
    high, wide = padded or np.max([image.shape for image in images], axis=0)
    if len(images) > _SHOWN_BATCHES or max(high, wide) > 160:
        raise ValueError(
            f"images: expected at most 12 of at most 160 x 160 pixels, got {len(images)} of "
            f"{high} x {wide}"
        )
    ink = _full_ink(images, ink)
    left = 64.0
    scale = min(8.0, (WIDTH - left - 4) / wide)
    parts, y = [], 2.0
    for i, (image, name) in enumerate(zip(images, names, strict=True)):
        (h, w), (to_h, to_w) = image.shape, padded or image.shape
        top = y + 24
        says = f"width {_extent(w, to_w)}"
        parts.append(
            f'<text x="{_n(left)}" y="{_n(y + 12)}"><tspan font-weight="700">{escape(name)}'
            f"</tspan>, {says}</text>"
        )
        parts.append(_boxes([(left, y + 18, w * scale, 4)], f"fill:{css('width')}"))
        parts.append(_boxes([(left - 6, top, 4, h * scale)], f"fill:{css('height')}"))
        lines = ["height", str(h)] + ([f"+ {to_h - h}", "padding"] if to_h > h else [])
        parts += [_text(4, top + 7 + 14 * j, line) for j, line in enumerate(lines)]
        hatched = [
            (left + w * scale, top, (to_w - w) * scale, h * scale),
            (left, top + h * scale, to_w * scale, (to_h - h) * scale),
        ]
        parts.append(_boxes([each for each in hatched if each[2] and each[3]], "fill:url(#hatch)"))
        parts.append(pixels(image, left, top, scale, ink=ink))
        outline = f"fill:none;stroke:{css('padding')};stroke-width:1"
        parts.append(_boxes([(left, top, w * scale, h * scale)], outline))
        bottom = top + max(to_h * scale, 14 * len(lines))
        if boxes is not None and len(boxes[i]):
            drawn, under = _regions(boxes[i], left, top, scale, bottom)
            parts.append(drawn)
            bottom = max(bottom, under)
        y = bottom + 8
    return Drawing("".join(parts), y - 4, described if alt is None else alt, title, caption)


def column_spans(
    width: int, layers: Iterable[tuple[str, int, int]], padding: str = "valid"
) -> list[np.ndarray]:
    """Tell which pixels each column of a feature map sees, after every layer of a stack.

    Args:
        width: width of the image, or of the padded batch, in pixels.
        layers: triples ``(name, window, strides)``: a convolution's kernel size, or a pooling's
            pool size, along the width.
        padding: ``"valid"`` or ``"same"``, as in Keras, for every layer.

    Returns:
        For each layer int64 ``(columns, 2)``, the first pixel that a column sees, and the one
        behind its last. With ``"same"`` columns at the edges see pixels outside of the image: the
        zeros that Keras adds. How many it adds in front depends on the width as soon as strides
        are above 1, so in a padded batch the columns can stand elsewhere than alone.

    Raises:
        TypeError: a number is not an integer.
        ValueError: a number is less than 1, there is no layer, or ``padding`` is unknown.

    Example:
        >>> [len(spans) for spans in column_spans(13, [("conv 3", 3, 1), ("pool 2", 2, 2)])]
        [11, 5]
        >>> column_spans(13, [("conv 3", 3, 1), ("pool 2", 2, 2)])[-1][:2].tolist()
        [[0, 4], [2, 6]]
    """
    layers = list(layers)
    if not layers:
        raise ValueError("layers: expected at least one (name, window, strides), got none")
    if padding not in ("valid", "same"):
        raise ValueError(f"padding: expected 'valid' or 'same', got {padding!r}")
    _at_least("width", width, 1)
    left, size, jump, count, out = 0, 1, 1, int(width), []
    for name, window, strides in layers:
        _at_least(f"window of {name!r}", window, 1)
        _at_least(f"strides of {name!r}", strides, 1)
        before = 0
        if padding == "valid":
            count = max((count - window) // strides + 1, 0)
        else:
            columns = -(-count // strides)
            before = max((columns - 1) * strides + window - count, 0) // 2
            count = columns
        left -= before * jump
        size += (window - 1) * jump
        jump *= strides
        first = left + jump * np.arange(count, dtype=np.int64)
        out.append(np.stack([first, first + size], axis=1))
    return out


def column_cells(
    x: float, y: float, cell: float, real: int, total: int, paint: str, *, height: float = 14
) -> str:
    """Return the SVG elements of the columns of a feature map: real ones filled, padding hatched.

    Args:
        x: left edge of the first column.
        y: upper edge.
        cell: from one column to the next.
        real: number of real columns.
        total: number of columns.
        paint: the CSS value of the real columns' colour.
        height: height of the cells.

    Returns:
        SVG elements, at most two.
    """
    gap = 2.0 if cell >= 8 else 1.0

    look = f"fill:none;stroke-width:{_n(height)};stroke-dasharray:{_n(cell - gap)} {_n(gap)}"
    parts = []
    for first, count, stroke in ((0, real, paint), (real, total - real, "url(#hatch)")):
        if count:
            run = f"M{_n(x + first * cell)} {_n(y + height / 2)}h{_n(count * cell - gap)}"
            # The look in an element of its own: an explorer stores it once for all frames.
            parts.append(f'<g style="{look};stroke:{stroke}"><path d="{run}"/></g>')
    return "".join(parts)


def draw_columns(
    image: np.ndarray,
    layers: Iterable[tuple[str, int, int]],
    *,
    padded: int | None = None,
    padding: str = "valid",
    alone: bool = False,
    view: tuple[float, float] | None = None,
    ink: float | None = None,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw how an image becomes a sequence: its pixels, the columns after each layer, the steps.

    Every column stands under the middle of the pixels that it sees, and the light wedges show
    which ones the first and the last real step see. Padding, and columns that come of nothing
    else, are hatched. What is drawn is computed by `column_spans`.

    Args:
        image: numbers ``(height, width)`` or ``(height, width, 1)``; 0 is no ink.
        layers: triples ``(name, window, strides)``, as in `column_spans`.
        padded: width to which the image is padded; None draws it alone.
        padding: ``"valid"`` or ``"same"``, as in Keras, for every layer.
        alone: add a last line, the steps of the same image without padding, to compare.
        view: from which pixel to which there is room, to draw several images to one scale; None
            makes room for what is drawn.
        ink: the value of full ink; None takes the largest value there is.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None says how many columns each layer leaves.

    Returns:
        A `Drawing`.

    Raises:
        TypeError: a number is not an integer.
        ValueError: the image is not one, has more than 40 rows or is wider than ``padded``, there
            are more than 64 columns of pixels or 8 layers, or as in `column_spans`.

    Example:
        >>> draw_columns(np.ones((8, 13)), [("conv 3", 3, 1), ("pool 2", 2, 2)], padded=20)
        An image of width 13 + 7 padding; conv 3, 11 columns + 7 padding; pool 2, 5 columns + 4 \
padding; the sequence, 5 steps + 4 padding. The last step sees pixels 8 to 11.
    """
    layers = list(layers)
    (image,), _, _, _ = _pictures([image], None, None, None, None)
    tall, width = image.shape
    total = width if padded is None else padded
    _at_least("padded", total, 1)
    if total < width:
        raise ValueError(f"padded: expected at least the image's width {width}, got {total}")
    if tall > 40 or total > 64:
        raise ValueError(f"image: expected at most 40 x 64 pixels, got {tall} x {total}")
    if len(layers) > 8:
        raise ValueError(f"layers: expected at most 8, got {len(layers)}")
    own, batch = (column_spans(n, layers, padding) for n in (width, total))
    jumps = list(itertools.accumulate((strides for _, _, strides in layers), lambda a, b: a * b))
    says = [_columns_words(len(a), len(b)) for a, b in zip(own, batch, strict=True)]
    steps, real = says[-1].replace("column", "step"), len(own[-1])
    # Of each line: words, what the columns see, how many are real, pixels between them, colour.
    lines = [
        (f"{name}: {words}", spans, len(each), jump, "width")
        for (name, _, _), words, spans, each, jump in zip(
            layers, says, batch, own, jumps, strict=True
        )
    ]
    lines.append((f"the sequence: {steps}", batch[-1], real, jumps[-1], "time"))
    if alone:
        words = f"the image alone: {_count(real, 'step') if real else 'no step'}"
        moved = real and (own[-1] != batch[-1][:real]).any()
        words += ", moved" if moved else ""
        lines.append((words, own[-1], real, jumps[-1], "time"))

    # A column stands under the middle of what it sees.
    starts = [spans[0].mean() - jump / 2 if len(spans) else 0 for _, spans, _, jump, _ in lines]
    if view is None:
        ends = [at + len(line[1]) * line[3] for at, line in zip(starts, lines, strict=True)]
        view = min(0, *starts), max(total, *ends)
    scale = min(12.0, (WIDTH - 8) / (view[1] - view[0]))
    left = 4 - view[0] * scale
    parts = [_text(4, 8, f"image: width {_extent(width, total)}")]
    parts.append(_boxes([(left, 18, width * scale, 4)], f"fill:{css('width')}"))
    top, y = 24.0, 24 + tall * scale + 6
    if total > width:
        box = (left + width * scale, top, (total - width) * scale, tall * scale)
        parts.append(_boxes([box], "fill:url(#hatch)"))
    sequence, cell = y + 38 * len(layers) + 18, jumps[-1] * scale
    at = left + starts[len(layers)] * scale  # left edge of the first step
    wedges = []
    for step in sorted({0, real - 1}) if real else ():
        a, b = np.clip(batch[-1][step], 0, total) * scale + left
        c, d = at + step * cell, at + (step + 1) * cell - 2
        wedge = f"M{_n(a)} {_n(top)}H{_n(b)}V{_n(y - 6)}L{_n(d)} {_n(sequence)}H{_n(c)}"
        wedges.append(f'<path d="{wedge}L{_n(a)} {_n(y - 6)}z"/>')
    parts.append(f'<g style="fill:{css("time")};fill-opacity:.22">{"".join(wedges)}</g>')
    parts.append(pixels(image, left, top, scale, ink=_full_ink([image], ink)))
    outline = f"fill:none;stroke:{css('padding')};stroke-width:1"
    parts.append(_boxes([(left, top, width * scale, tall * scale)], outline))
    for start, (words, spans, count, jump, role) in zip(starts, lines, strict=True):
        parts.append(_text(4, y + 8, words))
        x, pitch, high = left + start * scale, jump * scale, 20 if role == "time" else 14
        parts.append(column_cells(x, y + 18, pitch, count, len(spans), css(role), height=high))
        if role == "time" and count and pitch >= 14:
            numbers = "".join(
                f'<text x="{_n(x + (step + 0.5) * pitch - 1)}" y="{_n(y + 32)}">{step + 1}</text>'
                for step in sorted({0, count - 1})
            )
            parts.append(f'<g text-anchor="middle" style="fill:{_ON_TIME}">{numbers}</g>')
        y += 44 if role == "time" else 38
    told = [f"An image of width {_extent(width, total)}"]
    told += [f"{name}, {words}" for (name, _, _), words in zip(layers, says, strict=True)]
    described = "; ".join([*told, f"the sequence, {steps}"]) + "."
    if real:
        first, end = np.clip(batch[-1][real - 1], 0, total)
        beyond = f", {_count(end - width, 'pixel')} of padding among them" if end > width else ""
        described += f" The last step sees pixels {first} to {end - 1}{beyond}."
        if alone and moved:
            described += (
                f" In the batch the steps have moved: the first sees from pixel {batch[-1][0, 0]}, "
                f"alone from {own[-1][0, 0]}."
            )
    return Drawing("".join(parts), y, described if alt is None else alt, title, caption)


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


_ON_TIME = "#1F2328"  # dark on both themes: the colour of time is light on both
_CELL_HEIGHT = 20


def _mask(given: np.ndarray, name: str) -> np.ndarray:
    mask = np.asarray(given)
    if mask.dtype != bool:
        raise TypeError(f"{name}: expected bool, got dtype {mask.dtype}")
    if mask.ndim != 2 or 0 in mask.shape:
        raise ValueError(f"{name}: expected (batch, time), got shape {mask.shape}")
    return mask


def _same_shape(mask: np.ndarray, other: np.ndarray | None, name: str) -> None:
    if other is not None and other.shape != mask.shape:
        raise ValueError(f"{name}: expected the mask's shape {mask.shape}, got {other.shape}")


def _row_words(row: np.ndarray) -> str:
    real, padding = int(row.sum()), int((~row).sum())
    return _count(real, "step") + (f" + {padding} padding" if padding else "")


def _seen_words(row: np.ndarray, seen: np.ndarray) -> str:
    """What the model takes in of one row: real steps, padding, and real steps that it misses."""
    padding, missed = int((seen & ~row).sum()), int((row & ~seen).sum())
    words = _count(int((seen & row).sum()), "step") + (f" + {padding} padding" if padding else "")
    return words + (f", not {missed} real" if missed else "")


def _boxes(boxes: Iterable[tuple[float, float, float, float]], look: str) -> str:
    """Draw rectangles ``(x, y, width, height)`` of one look as one path."""
    path = "".join(f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h)}h{_n(-w)}z" for x, y, w, h in boxes)
    return f'<path style="{look}" d="{path}"/>' if path else ""


def step_cells(
    x: float,
    y: float,
    cell: float,
    real: np.ndarray,
    values: Sequence[str] | None = None,
    seen: np.ndarray | None = None,
) -> str:
    """Return the SVG elements of one row of timesteps, 20 pixels high.

    Args:
        x: left edge.
        y: upper edge.
        cell: pixels from one cell to the next.
        real: bool ``(time,)``: True is filled with the colour of time, False is hatched.
        values: the text in each cell; None writes nothing.
        seen: bool ``(time,)``; where False the cell is outlined and empty, without its text.

    Returns:
        SVG elements.

    Raises:
        ValueError: a text is too long for its cell.
    """
    gap = 2.0 if cell >= 8 else 1.0
    seen = np.ones_like(real) if seen is None else seen
    at = [(x + i * cell, y, cell - gap, _CELL_HEIGHT) for i in range(len(real))]
    inner = [(a + 0.75, b + 0.75, w - 1.5, h - 1.5) for a, b, w, h in at]
    dashed = f"fill:none;stroke:{css('masked')};stroke-width:1.5;stroke-dasharray:3 2"
    parts = [
        _boxes([at[i] for i in np.flatnonzero(seen & real)], f"fill:{css('time')}"),
        _boxes([at[i] for i in np.flatnonzero(seen & ~real)], "fill:url(#hatch)"),
        _boxes([inner[i] for i in np.flatnonzero(~seen)], dashed),
    ]
    if values is None:
        return "".join(parts)
    longest = max(map(len, values))
    size = next((size for size in (12, 10) if longest * size * 0.56 <= cell - gap), None)
    if size is None:
        raise ValueError(
            f"values: expected texts that fit {_n(cell - gap)} pixels, got {longest} characters"
        )
    # On the hatching a text needs a ground of its own.
    halo = f"paint-order:stroke;stroke:{css('panel')};stroke-width:4;fill:{css('ink')}"
    for where, look in ((seen & real, f"fill:{_ON_TIME}"), (seen & ~real, halo)):
        inside = "".join(
            f'<text x="{_n(x + i * cell + (cell - gap) / 2)}" y="{_n(y + 14)}">'
            f"{escape(values[i])}</text>"
            for i in np.flatnonzero(where)
        )
        if inside:
            parts.append(f'<g text-anchor="middle" font-size="{size}" style="{look}">{inside}</g>')
    return "".join(parts)


def _reached_cells(x: float, y: float, cell: float, changed: np.ndarray) -> str:
    """Real steps, filled; those that the padding has changed are outlined and crossed out."""
    wide, tall = cell - (2 if cell >= 8 else 1), _CELL_HEIGHT
    whole = [(x + i * cell, y, wide, tall) for i in np.flatnonzero(~changed)]
    at = [(x + i * cell + 1, y + 1) for i in np.flatnonzero(changed)]
    w, h = _n(wide - 2), _n(tall - 2)
    crossed = "".join(f"M{_n(a)} {_n(b)}h{w}v{h}h-{w}zl{w} {h}m0-{h}l-{w} {h}" for a, b in at)
    look = f"fill:none;stroke:{css('error')};stroke-width:2"
    return _boxes(whole, f"fill:{css('time')}") + (
        f'<path style="{look}" d="{crossed}"/>' if crossed else ""
    )


def _pictures(
    images: Sequence[np.ndarray],
    sizes: np.ndarray | None,
    padded: tuple[int, int] | None,
    boxes: Sequence[np.ndarray] | None,
    names: Sequence[str] | None,
) -> tuple[list[np.ndarray], tuple[int, int] | None, list[np.ndarray] | None, list[str]]:
    """Check what is to be drawn: images without padding, padded size, regions and names."""
    images = [np.asarray(image) for image in images]
    if not images:
        raise ValueError("images: expected at least one, got none")
    images = [
        image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image for image in images
    ]
    for i, image in enumerate(images):
        if image.ndim != 2 or 0 in image.shape:
            raise ValueError(f"images: expected (height, width), got {image.shape} in image {i}")
        if not np.isfinite(image).all() or (image < 0).any():
            raise ValueError(f"images: expected finite numbers from 0, got others in image {i}")
    if sizes is not None:
        if padded is not None:
            raise ValueError("padded: expected None together with sizes: the batch is padded")
        sizes = np.asarray(sizes)
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
        if np.shape(padded) != (2,):
            raise ValueError(f"padded: expected (height, width), got {padded!r}")
        high, wide = padded
        _at_least("padded", high, 1)
        _at_least("padded", wide, 1)
        padded = (int(high), int(wide))
        for i, image in enumerate(images):
            if image.shape[0] > high or image.shape[1] > wide:
                raise ValueError(
                    f"padded: expected at least {image.shape}, the size of image {i}, got {padded}"
                )
    if boxes is not None:
        boxes = [np.asarray(each, dtype="float64").reshape(-1, 4) for each in boxes]
        if len(boxes) != len(images):
            raise ValueError(f"boxes: expected one set for each image, got {len(boxes)}")
        for i, (image, each) in enumerate(zip(images, boxes, strict=True)):
            edge = np.array([*image.shape, *image.shape])
            inside = (each >= 0) & (each <= edge) & np.tile(each[:, :2] < each[:, 2:], 2)
            if not inside.all():
                box = each[int((~inside).any(axis=1).argmax())].tolist()
                raise ValueError(f"boxes: expected regions inside of image {i}, got {box}")
    names = [f"image {i + 1}" for i in range(len(images))] if names is None else list(names)
    if len(names) != len(images):
        raise ValueError(f"names: expected {len(images)}, got {len(names)}")
    return images, padded, boxes, [str(name) for name in names]


def _full_ink(images: Iterable[np.ndarray], ink: float | None) -> float:
    most = float(max(image.max() for image in images))
    if ink is None:
        return most or 1.0
    if not ink > 0 or most > ink:
        raise ValueError(f"ink: expected a number above 0 and at least {most:g}, got {ink!r}")
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
        _boxes(frames, f"fill:none;stroke:{css('panel')};stroke-width:4;stroke-opacity:.7"),
        _boxes(frames, f"fill:none;stroke:{css('time')};stroke-width:2"),
        _boxes(tabs, f"fill:{css('time')}"),
    ]
    numbers = "".join(
        f'<text x="{_n(x + w / 2)}" y="{_n(y + 11)}">{i + 1}</text>'
        for i, (x, y, w, _) in enumerate(tabs)
    )
    look = f'text-anchor="middle" font-size="11" style="fill:{_ON_TIME}"'
    parts.append(f"<g {look}>{numbers}</g>")
    return "".join(parts), bottom + 18 if in_a_line else bottom


def _extent(real: int, padded: int) -> str:
    return f"{real} + {padded - real} padding" if padded > real else str(real)


def _columns_words(real: int, total: int) -> str:
    if not real:
        return f"no column, {total} padding" if total else "no column"
    return _count(real, "column") + (f" + {total - real} padding" if total > real else "")


def _at_least(name: str, number: int, low: int) -> None:
    if isinstance(number, bool | np.bool_) or not isinstance(number, int | np.integer):
        raise TypeError(f"{name}: expected an integer, got {number!r}")
    if number < low:
        raise ValueError(f"{name}: expected at least {low}, got {number}")


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
