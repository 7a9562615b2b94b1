"""The way of a mask through the layers of a model."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from helpers.arguments import listed, shown, text
from helpers.figures.drawing import Drawing, css, px, rects, write

if TYPE_CHECKING:
    from helpers.masking import Trace

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
    given = listed("steps", getattr(steps, "steps", steps))
    steps = [
        (each.name, each.fate) if hasattr(each, "fate") else _pair(i, each)
        for i, each in enumerate(given)
    ]
    if not steps:
        raise ValueError("steps: expected at least one pair (name, fate), got none")
    for name, fate in steps:
        text("steps: a name", name)
        if not isinstance(fate, str) or fate not in FATES:
            raise ValueError(
                f"steps: expected a fate of {list(FATES)}, got {shown(fate)} for {shown(name)}"
            )
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
            line.append(f"M{px(x)} {px(below)}V{px(middle)}")
        alive = goes[i] or (alive and fate == "no mask")
        below = middle
        ink = css("error") if lost else css("time") if fate != "no mask" else css("muted")
        fill = css("panel") if fate == "no mask" else ink
        if lost:
            cross = f"M{px(x - 5)} {px(middle - 5)}l10 10m0-10l-10 10"
            parts.append(f'<path style="fill:none;stroke:{ink};stroke-width:3" d="{cross}"/>')
        elif fate == "kept":
            parts.append(rects([(x - 6, middle - 1.5, 12, 3)], f"fill:{ink}"))
        else:
            look = f"fill:{fill};stroke:{ink};stroke-width:1.5"
            parts.append(f'<circle cx="{px(x)}" cy="{px(middle)}" r="4.5" style="{look}"/>')
        parts.append(write(30, middle, name))
        bold = ' font-weight="700"' if lost else ""
        place = (30, middle + 16) if wraps else (212, middle)
        mute = f' style="fill:{css("muted")}"' if fate == "no mask" else ""
        parts.append(
            f'<text x="{place[0]}" y="{px(place[1] + 4)}"{bold}{mute}>{escape(words)}</text>'
        )
        y += tall
    look = f"fill:none;stroke:{css('time')};stroke-width:3"
    body = (f'<path style="{look}" d="{"".join(line)}"/>' if line else "") + "".join(parts)
    told = "; ".join(f"{name}, {FATES[fate]}" for name, fate in steps)
    described = f"The way of the mask: {told}."
    return Drawing(body, y, described if alt is None else alt, title, caption)


def _pair(i: int, step: Any) -> tuple[str, str]:
    if not isinstance(step, tuple | list) or len(step) != 2:
        raise TypeError(f"steps[{i}]: expected a pair (name, fate), got {shown(step)}")
    return step[0], step[1]
