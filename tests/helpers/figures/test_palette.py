"""The palette is that of the style sheet, and its text is readable."""

import re
from pathlib import Path

import pytest
from drawn_svg import contrast

from helpers import figures

ROOT = Path(__file__).parents[3]


def test_palette_is_that_of_the_style_sheet():
    css = (ROOT / "book/_static/shape-language.css").read_text("utf-8")
    light, dark = (
        dict(re.findall(r"--shape-([\w-]+): (#\w+);", block))
        for block in (css.split("}")[0], css.split("}")[1])
    )
    assert light == figures.PALETTE
    assert dark == figures.PALETTE_DARK


def test_axes_have_the_colours_of_the_shape_language():
    assert [figures.PALETTE[axis] for axis in figures.AXES] == [
        "#0072B2",
        "#E69F00",
        "#009E73",
        "#CC79A7",
        "#56B4E9",
    ]
    assert figures.PALETTE["error"] == "#D55E00"
    with pytest.raises(ValueError, match="role: expected one of"):
        figures.css("channels")


@pytest.mark.parametrize("palette", [figures.PALETTE, figures.PALETTE_DARK])
def test_text_is_readable(palette):
    assert contrast(palette["ink"], palette["panel"]) >= 7
    assert contrast(palette["muted"], palette["panel"]) >= 4.5
    assert contrast(palette["on-batch"], palette["batch"]) >= 4.5
    assert contrast(palette["error"], palette["panel"]) >= 3
    assert contrast(palette["batch"], palette["panel"]) >= 3
