"""Drawings of the way of a mask: its line lives from birth to its end, past other branches."""

import re

import pytest
from drawn_svg import parsed, words

from helpers import figures


def lines(drawing):
    """Where the mask's line begins and ends, as runs ``(from, to)``, joined where they meet."""
    runs = []
    for path in parsed(drawing).iter("path"):
        for _, a, b in re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", path.get("d")):
            if runs and runs[-1][1] == float(a):
                runs[-1] = (runs[-1][0], float(b))
            else:
                runs.append((float(a), float(b)))
    return runs


def height_of(drawing, name):
    return next(float(t.get("y")) - 4 for t in parsed(drawing).iter("text") if t.text == name)


def crosses(drawing):
    look = f"fill:none;stroke:{figures.css('error')};"
    return [p for p in parsed(drawing).iter("path") if p.get("style").startswith(look)]


@pytest.mark.parametrize("fate", ["dropped silently", "dropped with a warning", "consumed"])
def test_the_line_of_a_mask_lives_from_birth_to_its_end(fate):
    way = [("input", "no mask"), ("embedding", "born"), ("dropout", "kept"), ("last", fate)]
    drawing = figures.draw_mask_path([*way, ("dense", "no mask")])
    assert lines(drawing) == [(height_of(drawing, "embedding"), height_of(drawing, "last"))]
    assert len(crosses(drawing)) == (fate != "consumed")
    assert fate in words(drawing)
    assert drawing.alt == (
        "The way of the mask: input, no mask; embedding, the mask is born; dropout, kept; "
        f"last, {fate}; dense, no mask."
    )


def test_a_mask_that_nobody_takes_lives_to_the_end():
    drawing = figures.draw_mask_path([("masking", "born"), ("dropout", "kept")])
    assert lines(drawing) == [(height_of(drawing, "masking"), height_of(drawing, "dropout"))]
    assert crosses(drawing) == []
    assert lines(figures.draw_mask_path([("dense", "no mask")])) == []


def test_a_mask_passes_by_a_layer_of_another_branch():
    fates = ["born", "kept", "no mask", "no mask", "consumed", "no mask", "born", "kept"]
    drawing = figures.draw_mask_path(zip("abcdefgh", fates, strict=True))
    assert lines(drawing) == [
        (height_of(drawing, "a"), height_of(drawing, "e")),
        (height_of(drawing, "g"), height_of(drawing, "h")),
    ]
    fates = ["born", "no mask", "born", "consumed"]  # nobody uses the first mask
    drawing = figures.draw_mask_path(zip("abcd", fates, strict=True))
    assert lines(drawing) == [(height_of(drawing, "c"), height_of(drawing, "d"))]


def test_a_trace_is_drawn_by_its_steps():
    class Step:
        def __init__(self, name, fate):
            self.name, self.fate = name, fate

    class Trace:
        steps = (Step("masking", "born"), Step("flatten", "dropped silently"))

    pairs = [("masking", "born"), ("flatten", "dropped silently")]
    assert figures.draw_mask_path(Trace()).svg == figures.draw_mask_path(pairs).svg


@pytest.mark.parametrize("fate", ["no mask", "dropped with a warning"])
def test_beside_a_long_name_nothing_stands(fate):
    name = "global_average_pooling1d_with_a_long_name"
    texts = list(parsed(figures.draw_mask_path([(name, fate)])).iter("text"))
    assert [text.text for text in texts] == [name, fate]
    assert texts[0].get("x") == texts[1].get("x")
    assert float(texts[1].get("y")) - float(texts[0].get("y")) >= 14


def test_a_way_that_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match=r"^steps: expected at least one pair"):
        figures.draw_mask_path([])
    with pytest.raises(ValueError, match=r"^steps: expected a fate of .*'born'.* got 'lost' for"):
        figures.draw_mask_path([("dense", "lost")])
