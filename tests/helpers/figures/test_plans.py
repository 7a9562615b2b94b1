"""Drawings of plans: every slot is a cell, the tail is told in words, no machine changes a byte."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from drawn_svg import hatch, parsed, words
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import figures
from helpers.batching import fixed

TAILS = ("keep", "drop", "pad", "wrap")


def cells(drawing, paint):
    """Count the dashes of one paint: every cell of a run is one dash."""
    total = 0
    for path in parsed(drawing).iter("path"):
        style = path.get("style", "")
        if f"stroke:{paint}" in style and "dasharray" in style:
            dash, gap = map(float, re.search(r"dasharray:([\d.]+) ([\d.]+)", style).groups())
            for run in re.findall(r"h([\d.]+)", path.get("d")):
                total += round((float(run) + gap) / (dash + gap))
    return total


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        ("keep", "4 batches, 9 rows in the last; every row is seen, none seen twice."),
        ("drop", "3 batches, 32 rows in the last; 9 rows never seen, none seen twice."),
        ("pad", "4 batches, 9 rows in the last and 23 padding slots; every row is seen, none"),
        (
            "wrap",
            "4 batches, 9 rows in the last and 23 repeated; every row is seen, 23 seen twice.",
        ),
    ],
)
def test_description_says_what_becomes_of_the_tail(tail, said):
    text = figures.describe_plan(fixed(105, 32, tail=tail))
    assert text.startswith("105 rows in batches of 32: ")
    assert said in text


@settings(max_examples=15)
@given(st.integers(1, 200), st.integers(1, 64), st.sampled_from(TAILS))
def test_every_slot_of_a_plan_is_a_cell(n, size, tail):
    if tail == "drop" and n < size:
        return
    plan = fixed(n, size, tail=tail)
    if len(plan) > 12:
        return
    drawing = figures.draw_plan(plan)
    slots = sum(len(plan[i]) for i in range(len(plan)))
    padding = sum(int((plan.weights(i) == 0).sum()) for i in range(len(plan)))
    assert cells(drawing, figures.css("batch")) == slots - padding
    assert cells(drawing, hatch(drawing)) == padding
    repeats = slots - padding - (n - len(plan.never_seen))
    assert cells(drawing, figures.css("on-batch")) == repeats
    shown = min(len(plan.never_seen), 3 * size)
    assert cells(drawing, figures.css("error")) == shown
    assert any("never seen" in word for word in words(drawing)) == bool(len(plan.never_seen))


def test_few_rows_carry_their_numbers():
    plan = fixed(10, 4, tail="drop")
    numbers = [int(word) for word in words(figures.draw_plan(plan)) if word.isdigit()]
    assert sorted(numbers) == list(range(10))
    assert "2 never seen" in words(figures.draw_plan(plan))
    wrapped = figures.draw_plan(fixed(10, 4, tail="wrap"))
    assert "2 rows + 2 again" in words(wrapped)
    assert "2 rows + 2 padding" in words(figures.draw_plan(fixed(10, 4, tail="pad")))


def test_a_long_plan_is_cut_and_says_so():
    drawing = figures.draw_plan(fixed(10_000, 32))
    said = words(drawing)
    assert "… 302 more batches …" in said
    assert "batch 313" in said
    assert sum(word.startswith("batch") for word in said) == 11
    assert len(drawing.svg) < 6000


def test_many_rows_never_seen_are_counted_in_words():
    class Plan:
        n, batch_size = 100, 10
        never_seen, seen_twice = np.arange(10, 100), np.arange(0)

        def __len__(self):
            return 1

        def __getitem__(self, i):
            return np.arange(10)

        def weights(self, i):
            return np.ones(10, "float32")

    assert "90 rows never seen in all" in words(figures.draw_plan(Plan()))


def test_a_drawing_shows_itself_with_its_alternative_text():
    alt = 'a < b & "c"'
    drawing = figures.draw_plan(fixed(5, 2), title="The <title>", caption="A & b.", alt=alt)
    bundle = drawing._repr_mimebundle_()
    assert bundle["text/plain"] == repr(drawing) == alt
    figure = ElementTree.fromstring(bundle["text/html"])
    assert figure.tag == "figure"
    assert figure.find("svg").get("role") == "img"
    assert figure.find("svg").get("aria-label") == alt
    assert "".join(figure.find("figcaption").itertext()) == "The <title>. A & b."
    assert ElementTree.fromstring(figures.draw_plan(fixed(5, 2)).html).find("figcaption") is None


def test_drawings_are_deterministic_and_do_not_collide():
    one, same = (figures.draw_plan(fixed(105, 32, tail="pad")).svg for _ in range(2))
    assert one == same
    other = figures.draw_plan(fixed(105, 32, tail="pad"), alt="other").svg
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert "http" not in one


def test_drawings_fit_a_narrow_screen():
    for tail in TAILS:
        drawing = figures.draw_plan(fixed(105, 64, tail=tail))
        for path in parsed(drawing).iter("path"):
            for x, size in re.findall(r"M([\d.]+) [\d.]+h([\d.]+)", path.get("d")):
                assert float(x) + float(size) <= figures.WIDTH


def test_plans_are_compared_under_their_names():
    plans = {f'tail="{tail}"': fixed(105, 32, tail=tail) for tail in TAILS}
    drawing = figures.compare_plans(plans)
    assert [word for word in words(drawing) if word in plans] == list(plans)
    for name, plan in plans.items():
        assert f"{name}: {figures.describe_plan(plan)}" in drawing.alt
    with pytest.raises(ValueError, match="at least one plan"):
        figures.compare_plans({})
