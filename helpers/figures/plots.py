"""Plots of Matplotlib in the shape language: inline SVG that follows the site's themes."""

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import StringIO
from typing import Any

from helpers.arguments import shown, text
from helpers.figures.drawing import (
    PALETTE,
    WIDTH,
    Drawing,
    figcaption,
    px,
    svg_frame,
)
from helpers.figures.plot_layout import PIXELS, arrange
from helpers.figures.plot_markup import LOOSE, TEXT, cleaned

_CYCLE = ("batch", "time", "features", "height", "width", "padding", "error")
_DASHES = ("-", "--", ":", "-.", (0, (6, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)))
_STRONGEST = 0.55  # how much of its colour the strongest cell has: ink can still be read on it
_LARGEST, _SMALLEST = 1.2, 0.875  # a drawing's pixel on the screen: text of 17 and of 12 pixels
_SETTINGS = {
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "savefig.bbox": "standard",
    "svg.fonttype": "none",
    "svg.image_inline": True,
}


@dataclass(frozen=True, repr=False)
class Plot(Drawing):
    """A plot that shows itself in a notebook as inline SVG with a caption.

    It has the attributes of a `Drawing`. One wider than a phone scrolls in a box of its own.
    """

    @property
    def svg(self) -> str:
        """The plot as one ``<svg>`` element with ``role="img"`` and the alternative text."""
        sides = f"max-width:{px(self.width * _LARGEST)}px"
        if self.width > WIDTH:
            sides += f";min-width:{px(self.width * _SMALLEST)}px"
        look = f'fill="currentColor" stroke-linejoin="round" font-size="{TEXT}"'
        inner = f"<g {look}>{self.body}</g>"
        return svg_frame(inner, self.width, self.height, self.alt, sides, "re-plot")

    @property
    def html(self) -> str:
        """The plot as a ``<figure>`` with its caption."""
        svg = self.svg
        if self.width > WIDTH:
            svg = (
                '<div class="re-plot-box" role="group" aria-label="Plot, scrolls sideways" '
                f'tabindex="0" style="overflow-x:auto">{svg}</div>'
            )
        return f'<figure class="re-figure">{svg}{figcaption(self.title, self.caption)}</figure>'

    def _repr_html_(self) -> str:
        return self.html


def style() -> AbstractContextManager:
    """Return a context in which Matplotlib draws in the shape language.

    Colours ``C0`` to ``C6`` are those of batch, time, features, height, width, padding and error;
    lines are dashed in turn, too, for colour never speaks alone. Figures are 360 x 216 pixels
    unless ``figsize`` says otherwise: an inch has 72, 5 are as wide as a phone. Images are grey
    and not smoothed. The colour map ``"shape"`` goes from nothing to the colour of batch and
    follows the theme; ink can be read on all of it.

    Returns:
        The context manager. What is made outside keeps Matplotlib's own sizes and colours.

    Example:
        >>> import matplotlib.pyplot as plt
        >>> with style():
        ...     fig, ax = plt.subplots(figsize=(5, 3))
        ...     _ = ax.bar(["fixed", "by length"], [0.4, 0.1])
        >>> plot(fig, alt="Share of padding: fixed 0.4, by length 0.1.")
        Share of padding: fixed 0.4, by length 0.1.
    """
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap, to_rgba
    from matplotlib.rcsetup import cycler

    if "shape" not in matplotlib.colormaps:
        shades = [to_rgba(PALETTE["batch"], share) for share in (0, _STRONGEST)]
        matplotlib.colormaps.register(LinearSegmentedColormap.from_list("shape", shades))
    colours = cycler(color=[PALETTE[role] for role in _CYCLE])
    muted, ink = PALETTE["muted"], PALETTE["ink"]
    return matplotlib.rc_context(
        {
            "axes.axisbelow": True,
            "axes.edgecolor": muted,
            "axes.facecolor": "none",
            "axes.labelcolor": ink,
            "axes.labelsize": TEXT,
            "axes.prop_cycle": colours + cycler(linestyle=_DASHES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "axes.titlesize": TEXT,
            "figure.facecolor": "none",
            "figure.figsize": (WIDTH / PIXELS, 3),
            "figure.titlesize": TEXT,
            "font.size": TEXT,
            "grid.color": PALETTE["padding-ground"],
            "image.cmap": "gray",
            "image.interpolation": "none",
            "legend.frameon": False,
            "lines.linewidth": 2,
            "lines.markersize": 6,
            "text.color": ink,
            "xtick.color": muted,
            "xtick.labelcolor": ink,
            "ytick.color": muted,
            "ytick.labelcolor": ink,
        }
    )


def plot(fig: Any, *, alt: str, caption: str | None = None) -> Drawing:
    """Show a figure of Matplotlib as inline SVG, and close it: no second picture appears.

    Text stays text, at least 14 pixels large; what is raised, as in ``$10^2$``, is smaller. Colours
    of `PALETTE`, black and white follow the site's theme. Margins are made here: no
    ``tight_layout`` is needed, and it has no effect. Images are drawn pixel by pixel.

    A stored drawing is the same with every version of Matplotlib, but for what depends on its
    fonts. Round numbers that differ between machines before you plot them: a comparison of
    notebooks reads the coordinates.

    Args:
        fig: a Figure of Matplotlib with at least one plot in it.
        alt: what the figure shows, as a sentence; also the plain text of the plot.
        caption: a sentence below the figure, or None.

    Returns:
        A `Drawing`; the last line of a cell shows it.

    Raises:
        TypeError: ``fig`` is no Figure, or a text is none.
        ValueError: a text or the figure is empty, or its labels leave no room for data.
    """
    from matplotlib import pyplot, rc_context
    from matplotlib.figure import Figure

    if not isinstance(fig, Figure):
        raise TypeError(f"fig: expected a matplotlib Figure, got {type(fig).__name__} {shown(fig)}")
    if not fig.axes:
        raise ValueError("fig: expected a Figure with axes, got an empty one")
    for name, words in (("alt", alt), ("caption", "none" if caption is None else caption)):
        text(name, words)
        if not words.strip():
            raise ValueError(f"{name}: expected a sentence, got {shown(words)}")
    said = f"{alt}{caption or ''}"
    key = f"re-{hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()[:8]}"
    settings = {**_SETTINGS, "svg.hashsalt": key}
    with style(), rc_context(settings):  # colours such as "C0" are looked up late
        svg = _drawn(fig)
    pyplot.close(fig)
    wide, high = fig.get_size_inches() * PIXELS
    return Plot(cleaned(svg, key), round(high), alt, caption=caption or "", width=round(wide))


def _drawn(fig: Any) -> str:
    """The SVG of a figure, laid out and marked for `cleaned`."""
    from matplotlib.image import AxesImage
    from matplotlib.text import Annotation, Text

    fig.set_dpi(PIXELS)
    fig.set_layout_engine(None)
    for words in fig.findobj(Text):
        words.set_fontsize(max(TEXT, words.get_fontsize()))
    for image in fig.findobj(AxesImage):
        image.set_interpolation("none")
    arrange(fig)
    for note in fig.findobj(Annotation):
        if note.arrow_patch is not None:  # it begins where the text ends
            note.arrow_patch.set_gid(LOOSE)
    written = StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    fig.savefig(written, format="svg", facecolor="none", edgecolor="none", metadata=nothing)
    return written.getvalue()
