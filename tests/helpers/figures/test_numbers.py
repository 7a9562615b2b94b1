"""Drawings of numbers: bars have their lengths, curves go through them and are named."""

import itertools
import re
from html import unescape

import numpy as np
import pytest
from drawn_svg import contrast, parsed, words
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers import figures


def test_bars_have_the_length_of_their_numbers():
    drawing = figures.bars({"means": 25.0, "rows": 8.571}, wrong="means", form="{:.3f}")
    sizes = [
        float(re.search(r"h([\d.]+)", path.get("d")).group(1))
        for path in parsed(drawing).iter("path")
        if path.get("d").startswith("M5 ")
    ]
    assert 0.5 < sizes[0] / figures.WIDTH < 0.75  # room for the number beside it
    assert sizes[1] / sizes[0] == pytest.approx(8.571 / 25, abs=1e-3)
    assert words(drawing) == ["means", "25.000 (wrong)", "rows", "8.571"]
    assert drawing.alt == "Bars. means: 25.000 (wrong); rows: 8.571."
    assert unescape(figures.bars({"a": 0.0}).alt) == "Bars. a: 0."


@pytest.mark.parametrize(
    ("values", "wrong", "message"),
    [
        ({}, (), "at least one number"),
        ({"a": -1}, (), r"^values\['a'\]: expected at least 0, got -1"),
        ({"a": float("nan")}, (), "finite"),
        ({"a": 1}, ("b",), "^wrong: expected labels of values"),
    ],
)
def test_bars_refuse_what_they_cannot_draw(values, wrong, message):
    with pytest.raises(ValueError, match=message):
        figures.bars(values, wrong=wrong)


# --- curves


LOSSES = {"shuffled": [2.0, 1.0, 0.5, 0.25], "grouped": [2.25, 1.5, 0.75, 0.5]}


def curves(drawing):
    """The points of each line, in order."""
    return [
        np.array([[float(n) for n in point.split()] for point in path.get("d")[1:].split("L")])
        for path in parsed(drawing).iter("path")
        if "stroke-linejoin" in path.get("style")
    ]


def labels(drawing):
    """Names and last numbers at the ends of the lines: text, x and y."""
    return [
        ("".join(text.itertext()), float(text.get("x")), float(text.get("y")))
        for text in parsed(drawing).iter("text")
        if text.find("tspan") is not None
    ]


@pytest.mark.parametrize("from_zero", [True, False])
def test_curves_go_through_their_numbers(from_zero):
    drawing = figures.draw_curves(LOSSES, from_zero=from_zero)
    marks = {
        float(text.text): float(text.get("y")) - 4
        for text in parsed(drawing).iter("text")
        if text.get("text-anchor") == "end"
    }
    low, high = min(marks), max(marks)
    assert (low == 0) or not from_zero
    assert low <= (0 if from_zero else 0.25) < 2.25 <= high
    for line, numbers in zip(curves(drawing), LOSSES.values(), strict=True):
        shares = (marks[low] - line[:, 1]) / (marks[low] - marks[high])
        np.testing.assert_allclose(low + shares * (high - low), numbers, atol=0.01)
        np.testing.assert_allclose(np.diff(line[:, 0]), np.diff(line[:, 0])[0], atol=0.02)
    assert list(marks.values()) == sorted(marks.values(), reverse=True)


def test_an_axis_begins_at_zero_unless_told_otherwise():
    for from_zero, lowest in ((True, "0"), (False, "5")):
        drawing = figures.draw_curves({"a": [5.4, 5.01]}, from_zero=from_zero)
        marks = [t.text for t in parsed(drawing).iter("text") if t.get("text-anchor") == "end"]
        assert marks[0] == lowest


def test_curves_are_named_at_their_ends():
    drawing = figures.draw_curves(LOSSES, title="Losses", caption="C.", y="validation loss")
    said = {name: (x, y) for name, x, y in labels(drawing)}
    assert list(said) == ["shuffled 0.25", "grouped 0.50"]
    ends = [line[-1] for line in curves(drawing)]
    assert said["shuffled 0.25"][1] > said["grouped 0.50"][1]  # the smaller one stands lower
    assert all(
        x == pytest.approx(end[0] + 9, abs=0.02)
        for (x, _), end in zip(said.values(), ends, strict=True)
    )
    others = words(drawing)
    assert others[0] == "validation loss"
    assert "epoch" in others
    assert {"1", "4"} <= set(others)
    assert drawing.alt == (
        "Lines of validation loss by epoch. shuffled: 2.00 at epoch 1, 0.25 at epoch 4; grouped: "
        "2.25 at epoch 1, 0.50 at epoch 4."
    )
    styles = [
        path.get("style")
        for path in parsed(drawing).iter("path")
        if "stroke-linejoin" in path.get("style")
    ]
    assert len(set(styles)) == 2
    assert "dasharray" not in styles[0]
    assert "dasharray" in styles[1]


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("last", [0.0, 0.01, 1.0, 2.0])
def test_names_of_curves_that_meet_stand_apart(count, last):
    series = {f"series {i}": [2.0, 1.0, last + i / 1000] for i in range(count)}
    drawing = figures.draw_curves(series)
    heights = [y for _, _, y in labels(drawing)]
    assert heights == sorted(heights, reverse=True)
    assert min(-np.diff(heights)) > 14.9
    assert min(heights) >= 20
    assert max(heights) <= drawing.height - 30  # not on the numbers of the axis
    assert all(x + 6.8 * len(word) <= figures.WIDTH for word, x, _ in labels(drawing))


def test_curves_of_different_lengths_share_an_axis():
    drawing = figures.draw_curves({"long": [3, 2, 1, 1, 1], "short": [3, 2, 2]}, x="step")
    long, short = curves(drawing)
    np.testing.assert_array_equal(long[:3, 0], short[:, 0])
    assert len(long) == 5
    assert "short: 3.00 at step 1, 2.00 at step 3" in drawing.alt
    lead = [
        path.get("d")
        for path in parsed(drawing).iter("path")
        if path.get("d").startswith(f"M{short[-1][0]:g} {short[-1][1]:g}L")
    ]
    assert len(lead) == 1  # from its last point to its name


@settings(max_examples=60)
@given(
    st.floats(-1e3, 1e3) | st.floats(-1e300, 1e300),
    st.floats(-1e3, 1e3) | st.floats(-1e300, 1e300),
    st.integers(2, 200),
    st.booleans(),
)
@example(0.0, 5e-324, 2, True)
@example(1.0, 1 + 2**-52, 2, False)
@example(1e300, -1e300, 2, True)
def test_axes_hold_every_number(one, other, count, from_zero):
    drawing = figures.draw_curves(
        {"a series of 24 letters..": [one, *[other] * (count - 1)]},
        from_zero=from_zero,
        form="{:.3g}",
    )
    (line,) = curves(drawing)
    assert (line[:, 1] >= 24 - 0.01).all()
    assert (line[:, 1] <= 184 + 0.01).all()
    assert (line[:, 0] >= 0).all()
    assert (np.diff(line[:, 0]) > 0).all()
    marks = [text for text in parsed(drawing).iter("text") if text.get("text-anchor") == "end"]
    assert 2 <= len({text.text for text in marks}) == len(marks) <= 8
    below = [
        (float(text.get("x")), len(text.text))
        for text in parsed(drawing).iter("text")
        if text.get("text-anchor") == "middle" and text.text.isdigit()
    ]
    assert all(a + 3.5 * m < b - 3.5 * n for (a, m), (b, n) in itertools.pairwise(below))


def test_curves_are_the_same_on_every_machine():
    series = {"a": np.float32([1, 1 / 3, 0.1]), "b": [np.float64(2), 1, 0.7]}
    drawing = figures.draw_curves(series)
    assert drawing.svg == figures.draw_curves(series).svg
    numbers = re.findall(r"\d+\.(\d+)", "".join(p.get("d") for p in parsed(drawing).iter("path")))
    assert max(map(len, numbers)) <= 2


@pytest.mark.parametrize("palette", [figures.PALETTE, figures.PALETTE_DARK])
def test_curves_can_be_told_from_the_page(palette):
    assert all(contrast(palette[role], palette["panel"]) >= 3 for role, _ in figures.CURVES)
    assert len({dashes for _, dashes in figures.CURVES}) == len(figures.CURVES)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "^series: expected one to 4, got 0"),
        ({str(i): [1, 2] for i in range(5)}, "^series: expected one to 4, got 5"),
        ({"a": [1]}, r"^series\['a'\]: expected 2 to 200 numbers, got shape \(1,\)"),
        ({"a": [[1, 2]]}, r"^series\['a'\]: .* got shape \(1, 2\)"),
        ({"a": [1] * 201}, r"^series\['a'\]: .* got shape \(201,\)"),
        ({"a": [1, float("nan")]}, r"^series\['a'\]: expected finite numbers, got nan"),
        ({"a": [1, -1e301]}, r"^series\['a'\]: expected numbers within ±1e300 .* got -1e\+301"),
        ({"a": [1, 1e30]}, r"^series\['a'\]: .* that form '{:.2f}' writes in at most 24 char"),
        ({"a" * 25: [1, 2]}, "^series: expected names of at most 24 characters"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(series, message):
    with pytest.raises(ValueError, match=message):
        figures.draw_curves(series)
