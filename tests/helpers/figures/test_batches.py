"""Drawings of batches to scale: true steps and padding, shapes beside them, one scale for plans."""

import re

import numpy as np
import pytest
from drawn_svg import hatch, parsed, words

from helpers import figures
from helpers.batching import bucketed, fixed, grouped, packed, token_budget


def runs(drawing, paint):
    """Runs of steps ``(x, y, width)`` of one paint, and the height of their lines."""
    found, tall = [], set()
    for group in parsed(drawing).iter("g"):
        style = group.get("style", "")
        if f"stroke:{paint};" in f"{style};" and "stroke-width" in style:
            tall.add(float(re.search(r"stroke-width:([\d.]+)", style)[1]))
            path = group.find("path").get("d")
            found += [
                tuple(map(float, run)) for run in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", path)
            ]
    return sorted(found, key=lambda run: run[1]), tall


MIXED = np.random.default_rng(3).integers(1, 21, 30)
PLANS = {
    "fixed": fixed(30, 6, lengths=MIXED),
    "shuffled": fixed(30, 6, lengths=MIXED, shuffle=1),
    "padded": fixed(30, 7, lengths=MIXED, tail="pad"),
    "wrapped": fixed(30, 7, lengths=MIXED, tail="wrap"),
    "dropped": fixed(30, 7, lengths=MIXED, tail="drop"),
    "bucketed": bucketed(MIXED, 4, [7, 14, 25]),
    "grouped": grouped(MIXED, 6, window=2),
    "budget": token_budget(MIXED, 60),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_batches_are_drawn_to_scale(plan):
    drawing = figures.draw_batches(plan)
    assert len(plan) <= 12
    true, tall = runs(drawing, figures.css("time"))
    padding, _ = runs(drawing, hatch(drawing))
    assert len(tall) == 1
    left = min(x for x, _, _ in true)
    lines = sorted({y for _, y, _ in true + padding})
    slots = [
        (int(width), int(MIXED[row]) if real else 0)
        for i, width in enumerate(plan.padded_lengths)
        for row, real in zip(plan[i], plan.weights(i) > 0, strict=True)
    ]
    assert len(lines) == len(slots)
    step = max(x + size - left for x, _, size in true + padding) / max(w for w, _ in slots)
    for y, (width, length) in zip(lines, slots, strict=True):
        here = [run for run in true if run[1] == y]
        behind = [run for run in padding if run[1] == y]
        assert [size for _, _, size in here] == pytest.approx(
            [length * step] * bool(length), abs=0.1
        )
        missing = [width - length] if width > length else []
        assert [size / step for _, _, size in behind] == pytest.approx(missing, abs=0.1)
        assert [x for x, _, _ in behind] == pytest.approx(
            [left + length * step] * bool(missing), abs=0.1
        )
    # the rows of a batch touch one another, and batches do not
    distances, ends = np.diff(lines), np.cumsum(plan.sizes)[:-1] - 1
    within = np.delete(distances, ends)
    assert within == pytest.approx(min(tall) + 1, abs=0.02)
    assert (distances[ends] > min(tall) + 4).all()


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_batch_has_its_shape_beside_it(plan):
    drawing = figures.draw_batches(plan)
    said = words(drawing)
    assert [word for word in said if word.startswith("batch ")] == [
        f"batch {i + 1}" for i in range(len(plan))
    ]
    shapes = [word.split(",")[0] for word in said if "×" in word]
    pairs = zip(plan.sizes, plan.padded_lengths, strict=True)
    assert shapes == [f"{size} × {width}" for size, width in pairs]
    extra = [word.split(", ")[1] for word in said if "×" in word and "," in word]
    assert extra == {"pad": ["5 padding"], "wrap": ["5 again"]}.get(plan.tail, [])
    assert len(shapes) == len(plan)


def test_a_row_shown_again_is_faint():
    faint = f"{figures.css('time')};stroke-opacity:.4"
    for name, plan in PLANS.items():
        again = [int(MIXED[row]) for row in plan[len(plan) - 1][-5:]] if name == "wrapped" else []
        found, _ = runs(figures.draw_batches(plan), faint)
        assert len(found) == len(again)
        if again:
            sizes = np.array([size for _, _, size in found])
            assert sizes / sizes[0] == pytest.approx(np.array(again) / again[0], abs=0.05)


def test_rows_that_share_a_line_are_divided():
    plan = packed(MIXED, 40, 4)
    drawing = figures.draw_batches(plan)
    true, _ = runs(drawing, figures.css("time"))
    between, _ = runs(drawing, "currentColor")
    padding, _ = runs(drawing, hatch(drawing))
    assert len(true) == plan.n
    assert len(between) == plan.n - plan.bins
    left, step = min(x for x, _, _ in true), max(x + w for x, _, w in true + padding)
    step = (step - left) / 40
    lines = sorted({y for _, y, _ in true})
    assert len(lines) == plan.bins
    wanted, first = [], 0
    for i in range(len(plan)):
        bins, starts = plan.places(i)
        some = zip(plan[i].tolist(), bins.tolist(), starts.tolist(), strict=True)
        wanted += [(lines[first + b], start, int(MIXED[row])) for row, b, start in some]
        first += int(plan.sizes[i])
    drawn = [(y, round((x - left) / step), round(size / step)) for x, y, size in true]
    assert sorted(drawn) == sorted(wanted)
    assert sorted((x, y) for x, y, _ in between) == sorted((x, y) for x, y, _ in true if x > left)
    empty = sum(size for _, _, size in padding) / step
    assert empty == pytest.approx(plan.bins * 40 - MIXED.sum(), abs=1)
    said = [word for word in words(drawing) if "×" in word]
    assert said == [f"{plan.sizes[i]} × 40, {len(plan[i])} rows" for i in range(len(plan))]


def test_bins_without_rows_are_hatched():
    plan = packed([5, 5, 5], 5, 2, tail="pad")
    drawing = figures.draw_batches(plan)
    padding, _ = runs(drawing, hatch(drawing))
    true, _ = runs(drawing, figures.css("time"))
    assert (len(true), len(padding)) == (3, 1)
    assert padding[0][::2] == pytest.approx(true[0][::2], abs=0.1)  # a whole line
    assert words(drawing)[-1] == "2 × 5, 1 row"


def test_batches_are_described_in_words():
    described = {name: figures.describe_batches(plan) for name, plan in PLANS.items()}
    ends = (MIXED.min(), MIXED.max())
    assert described["bucketed"] == (
        f"30 rows of {ends[0]} to {ends[1]} steps in {len(PLANS['bucketed'])} batches of "
        f"{PLANS['bucketed'].sizes.min()} to 4 rows, padded to 7 to 25 steps: "
        f"{PLANS['bucketed'].cost('linear') / MIXED.sum():.2f} cells computed for each true one, "
        f"{len(PLANS['bucketed'].shapes)} shapes."
    )
    assert described["padded"].endswith("shapes; 5 padding slots.")
    assert described["wrapped"].endswith("shapes; 5 slots with a row seen before.")
    assert described["dropped"].endswith("shapes; 2 rows never seen.")
    plan = packed(MIXED, 40, 4)
    assert figures.describe_batches(plan) == (
        f"30 rows of {ends[0]} to {ends[1]} steps packed into {plan.bins} bins of 40 steps, in "
        f"{len(plan)} batches of {plan.sizes.min()} to 4 bins: "
        f"{plan.bins * 40 / MIXED.sum():.2f} cells computed for each true one, "
        f"{len(plan.shapes)} shape{'s' * (len(plan.shapes) > 1)}."
    )
    one = fixed(2, 2, lengths=[3, 3])
    assert figures.describe_batches(one) == (
        "2 rows of 3 steps in 1 batch of 2 rows, padded to 3 steps: 1.00 cells computed for each "
        "true one, 1 shape."
    )
    nothing = figures.describe_batches(fixed(2, 2, lengths=[0, 0]))
    assert nothing.startswith("2 rows of 0 steps in 1 batch of 2 rows, padded to 0 steps: ")
    assert repr(figures.draw_batches(one, title="T", caption="C.")) == figures.describe_batches(one)
    assert figures.draw_batches(one, alt="other").alt == "other"


@pytest.mark.parametrize("size", [32, 128])
def test_many_batches_are_cut_to_the_first_and_the_last(size):
    lengths = np.random.default_rng(0).integers(1, 500, 4000)
    plan = fixed(4000, size, lengths=lengths)
    drawing = figures.draw_batches(plan)
    said = words(drawing)
    assert sum(word.startswith("batch") for word in said) == 11
    assert f"… {len(plan) - 11} more batches …" in said
    assert f"batch {len(plan)}" in said
    assert drawing.height < 480
    assert len(drawing.svg) < 60_000
    assert figures.draw_batches(plan).svg == drawing.svg


@pytest.mark.parametrize(
    "plan",
    [*PLANS.values(), packed(MIXED, 40, 4), fixed(12, 1, lengths=MIXED[:12])],
    ids=[*PLANS, "packed", "one by one"],
)
@pytest.mark.parametrize("longest", [None, 100])
def test_batches_fit_a_narrow_screen_and_labels_stand_apart(plan, longest):
    drawing = figures.draw_batches(plan, longest=longest)
    found = runs(drawing, figures.css("time"))[0] + runs(drawing, hatch(drawing))[0]
    placed = [
        (float(text.get("x")), float(text.get("y")), text.text)
        for text in parsed(drawing).iter("text")
    ]
    ends = [x + 6.8 * len(word) for x, _, word in placed]
    assert max(ends) <= figures.WIDTH
    assert min(y for _, y, _ in placed) >= 10
    assert max(y for _, y, _ in placed) <= drawing.height - 1
    assert all(0 < y < drawing.height and x + size < figures.WIDTH for x, y, size in found)
    heights = sorted({y for _, y, _ in placed})
    assert min(np.diff(heights), default=99) >= 15
    first = [(x, word) for x, _, word in placed if word.startswith("batch")]
    assert max(x + 6.8 * len(word) for x, word in first) + 4 <= min(x for x, _, _ in found)
    # a shape stands behind its batch
    for x, y, word in placed:
        if "×" in word:
            beside = [a + w for a, b, w in found if abs(b + 4 - y) < 5]
            assert all(end < x for end in beside)


def test_plans_share_a_scale():
    short, long = (fixed(2, 2, lengths=lengths) for lengths in ([5, 5], [10, 10]))
    sizes = [
        runs(figures.draw_batches(plan, longest=10), figures.css("time"))[0][0][2]
        for plan in (short, long)
    ]
    assert sizes[1] == pytest.approx(2 * sizes[0], abs=0.1)
    alone = runs(figures.draw_batches(short), figures.css("time"))[0][0][2]
    assert alone > sizes[1]  # the longest batch fills the drawing
    # words beside a batch do not change the scale
    padded = figures.draw_batches(fixed(2, 3, lengths=[10, 10], tail="pad"), longest=10)
    assert "3 × 10, 1 padding" in words(padded)
    assert runs(padded, figures.css("time"))[0][0][2] == sizes[1]


@pytest.mark.parametrize(
    ("plan", "more", "message"),
    [
        (fixed(4, 2), {}, r"^plan: expected one that has a length for each row, got none"),
        (
            fixed(1, 1, lengths=[[3, 4]]),
            {},
            r"^plan: expected one that has a length for each row, got heights and widths",
        ),
        (fixed(129, 129, lengths=[1] * 129), {}, "^plan: expected batches of at most 128 rows"),
        (fixed(1, 1, lengths=[7]), {"longest": 6}, "^longest: expected at least 7, the longest"),
    ],
)
def test_batches_that_cannot_be_drawn_are_refused(plan, more, message):
    with pytest.raises(ValueError, match=message):
        figures.draw_batches(plan, **more)
