"""Plots of Matplotlib as inline SVG: colours, text, ids, margins, and equality between versions."""

import base64
import configparser
import hashlib
import io
import itertools
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from drawn_plots import KINDS, drawn, small_plot
from drawn_svg import contrast, parsed, words
from matplotlib import pyplot as plt
from matplotlib.image import imread

from helpers import figures

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", autouse=True)
def _no_window():
    with matplotlib.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


@pytest.fixture(scope="module")
def plots():
    return {name: drawn(name) for name in KINDS}


def ids(plot):
    return [each.get("id") for each in parsed(plot).iter() if each.get("id")]


def sanitised(html):
    """What a comparison of notebooks reads."""
    settings = configparser.RawConfigParser()
    settings.read(ROOT / "tests/nbval_sanitize.cfg", "utf-8")
    for name in settings.sections():
        html = re.sub(settings[name]["regex"], settings[name]["replace"], html)
    return html


# Digests of what a comparison reads, the same with Matplotlib 3.10 and 3.11.
STORED = {
    "lines": "3cf0b66b7f6e",
    "dots": "91aa51a2522b",
    "columns": "4ce2f50c72fc",
    "gallery": "e2e004f4f2d9",
    "confusion": "075012c6a845",
}


@pytest.mark.parametrize("name", KINDS)
def test_a_plot_is_compared_equal_with_every_version_of_matplotlib(plots, name):
    read = sanitised(plots[name].html)
    assert hashlib.sha256(read.encode()).hexdigest()[:12] == STORED[name], read


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda ax: ax.lines[0].set_ydata([1, 2, 2.05]), True),
        (lambda ax: ax.set_title("Other words"), True),
        (lambda ax: ax.lines[0].set_color("C1"), True),
        (lambda ax: ax.images[0].set_data([[0.0, 1.0]]), True),
        (lambda ax: ax.lines[0].set_ydata([1, 2, 2 + 1e-9]), False),
        (lambda ax: ax.texts[0].set_position((0.5001, 2)), False),
    ],
    ids=["data", "title", "colour", "pixels", "noise", "place of a text"],
)
def test_a_comparison_sees_data_text_and_colours(change, seen):
    def shown(change):
        with figures.style():
            fig, ax = plt.subplots()
            ax.imshow([[1.0, 0.0]], extent=(0, 2, 0, 3), aspect="auto")
            ax.plot([1, 2, 2])
            ax.text(0.5, 2, "a text")
            change(ax)
        return sanitised(figures.plot(fig, alt="A line.").html)

    assert (shown(change) != shown(lambda ax: None)) == seen


@pytest.mark.parametrize("name", KINDS)
def test_a_plot_is_a_figure_with_an_alternative_text_and_its_caption(plots, name):
    plot = plots[name]
    assert repr(plot) == plot.alt == parsed(plot).get("aria-label") == f"A plot of {name}."
    assert parsed(plot).get("role") == "img"
    assert plot.html.startswith('<figure class="re-figure">')
    assert plot.html.endswith(f"<figcaption>These are {name}.</figcaption></figure>")
    assert plot._repr_mimebundle_() == {"text/plain": plot.alt, "text/html": plot._repr_html_()}
    assert len(plot.html) < 13_000
    assert "<style" not in plot.html  # it would hold for the whole page
    assert not re.search("<metadata|DejaVu|font-family|matplotlib", plot.html)


def test_text_stays_text(plots):
    said = {"epoch", "loss", "The loss falls", "train", "0.65 & up", "here"}
    assert said <= {*words(plots["lines"])}
    assert "by length, packed" in words(plots["dots"])
    numbers = [word for word in words(plots["confusion"]) if word.isdigit()]
    assert numbers == [*"91027100", "10"]


def test_ids_are_unique_on_a_page_and_lead_somewhere(plots):
    every = list(itertools.chain(*(ids(plot) for plot in plots.values())))
    assert len(every) == len(set(every)) > 10
    for plot in plots.values():
        led = re.findall(r'(?:url\(#|href="#)([^")]+)', plot.svg)
        assert set(led) == set(ids(plot))
    first, other = (figures.plot(small_plot(), alt="It rises.", caption=c) for c in (None, "So."))
    assert not {*ids(first)} & {*ids(other)}
    assert figures.plot(small_plot(), alt="It rises.").html == first.html


def test_colours_follow_the_theme(plots):
    for name in ("lines", "dots", "columns", "gallery"):
        body = re.sub(r"var\(--shape-[\w-]+,#\w+\)", "", plots[name].svg)
        assert re.findall("#[0-9a-f]{6}(?![0-9a-f-])", body, re.IGNORECASE) == []
    strokes = re.findall(r"stroke:([^;\"]*);stroke-width:2", plots["lines"].svg)
    assert strokes[:2] == [figures.css("batch"), figures.css("time")]
    assert f"fill:{figures.css('error')}" in plots["gallery"].svg  # "C6", looked up late


def test_a_colour_of_ones_own_stays():
    fig = small_plot()
    fig.axes[0].lines[0].set_color("#123456")
    assert "stroke:#123456" in figures.plot(fig, alt="A line.").svg


@pytest.mark.parametrize("palette", [figures.PALETTE, figures.PALETTE_DARK])
def test_ink_can_be_read_on_the_strongest_cell_of_the_map(palette):
    with figures.style():
        *colour, alpha = matplotlib.colormaps["shape"](1.0)
    under = [int(palette["panel"][i : i + 2], 16) / 255 for i in (1, 3, 5)]
    mixed = [alpha * c + (1 - alpha) * u for c, u in zip(colour, under, strict=True)]
    assert contrast(palette["ink"], "#" + "".join(f"{round(c * 255):02x}" for c in mixed)) >= 4.5


def test_images_keep_their_pixels(plots):
    images = list(parsed(plots["gallery"]).iter("image"))
    assert len(images) == 6
    wanted = np.random.default_rng(1).random((12, 20))
    data = base64.b64decode(images[0].get("href").partition(",")[2])
    pixels = imread(io.BytesIO(data), format="png")[..., 0]
    assert pixels.shape == (12, 20)
    low, high = wanted.min(), wanted.max()
    assert np.abs(pixels - (wanted - low) / (high - low)).max() < 1 / 128


def test_a_plot_is_closed_and_leaves_the_settings_as_they_were():
    before = dict(matplotlib.rcParams)
    with figures.style():
        fig, ax = plt.subplots()
        ax.plot([1, 2])
    figures.plot(fig, alt="A line.")
    assert not plt.fignum_exists(fig.number)
    assert dict(matplotlib.rcParams) == before


def test_a_wide_plot_scrolls_in_a_box_and_a_narrow_one_needs_none(plots):
    assert plots["gallery"].html.count('tabindex="0"') == 1
    assert "min-width:472.5px" in plots["gallery"].svg
    assert "tabindex" not in plots["lines"].html


def test_small_text_is_made_readable():
    fig = small_plot()
    fig.axes[0].set_xlabel("tiny", fontsize=5)
    assert "font-size" not in re.sub(r'font-size="14"', "", figures.plot(fig, alt="A line.").svg)


def left_edge(plot):
    """Where the vertical axis stands: the first point of its line."""
    return float(re.search(r'd="M([\d.]+) [\d.]+L\1 [\d.]+"', plot.body.partition("miter")[2])[1])


def clip_box(plot):
    """Where the data are: left, top, width and height of the first axes."""
    rect = parsed(plot).find(".//clipPath/rect")
    return [float(rect.get(side)) for side in ("x", "y", "width", "height")]


@pytest.mark.parametrize("label", ["a", "a longer name", "a name that is quite long"])
def test_margins_have_room_for_labels(label):
    with figures.style():
        fig, ax = plt.subplots(layout="constrained")
        ax.barh([label], [1])
    assert left_edge(figures.plot(fig, alt="A bar.")) > 7 * len(label)


@pytest.mark.parametrize(
    "change",
    [
        lambda ax: ax.legend(["a line"], loc="lower left", bbox_to_anchor=(0, 1)),
        lambda ax: ax.set_title("a title"),
        lambda ax: ax.figure.suptitle("a title"),
        lambda ax: ax.xaxis.tick_top(),
        lambda ax: ax.text(0, 1, "a word", transform=ax.transAxes),
    ],
    ids=["legend", "title", "title of all", "ticks", "text"],
)
def test_margins_have_room_for_what_is_above(change):
    with figures.style():
        fig, ax = plt.subplots()
        ax.plot([1, 2])
        change(ax)
    assert clip_box(figures.plot(fig, alt="A line."))[1] > 16


def test_a_formula_needs_the_room_of_its_letters():
    with figures.style():
        fig, ax = plt.subplots()
        ax.loglog([1, 100], [1, 100])
    assert left_edge(figures.plot(fig, alt="A line.")) < 50


def test_a_legend_to_the_right_has_room():
    with figures.style():
        fig, ax = plt.subplots()
        ax.plot([1, 2], label="a long name")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    x, _, width, _ = clip_box(figures.plot(fig, alt="A line."))
    assert x + width < 360 - 7 * len("a long name")


def test_marks_without_a_filling_are_drawn():
    fig = small_plot()
    fig.axes[0].plot([2, 1], "o", mfc="none", mec="#123456")
    plot = figures.plot(fig, alt="Marks.")
    marks = [use for use in parsed(plot).iter("use") if "#123456" in use.get("style", "")]
    assert [use.get("href").removeprefix("#") in ids(plot) for use in marks] == [True, True]


def test_margins_given_to_the_grid_stay():
    with figures.style():
        fig, ax = plt.subplots(gridspec_kw={"left": 0.5})
        ax.plot([1, 2])
    assert left_edge(figures.plot(fig, alt="A line.")) == 180


def test_axes_placed_by_hand_stay():
    with figures.style():
        fig = plt.figure()
        fig.add_axes((0.25, 0.2, 0.5, 0.6)).plot([1, 2])
    assert left_edge(figures.plot(fig, alt="A line.")) == 90


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"alt": ""}, ValueError, "alt: expected a sentence, got ''"),
        ({"alt": " \n"}, ValueError, "alt: expected a sentence, got ' .n'"),
        ({"alt": None}, TypeError, "alt: expected a text, got NoneType None"),
        ({"caption": ""}, ValueError, "caption: expected a sentence, got ''"),
        ({"caption": 3}, TypeError, "caption: expected a text, got int 3"),
        ({"fig": 3}, TypeError, "fig: expected a matplotlib Figure, got int 3"),
        ({"fig": plt.Figure()}, ValueError, "fig: expected a Figure with axes, got an empty one"),
    ],
)
def test_what_is_wrong_is_said(arguments, error, says):
    with pytest.raises(error, match=f"^{says}$"):
        figures.plot(**{"fig": small_plot(), "alt": "A line.", **arguments})


def test_axes_are_no_figure():
    with pytest.raises(TypeError, match=r"^fig: expected a matplotlib Figure, got Axes "):
        figures.plot(small_plot().axes[0], alt="A line.")


def test_labels_too_wide_for_the_figure_are_refused():
    fig, ax = plt.subplots(figsize=(2, 2))
    ax.barh(["a name that is much too long"], [1])
    with pytest.raises(ValueError, match=r"^fig: expected labels that leave room for data, got -"):
        figures.plot(fig, alt="A bar.")
