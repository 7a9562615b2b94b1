"""Drawings say what the plan says, in words too, and never depend on the machine."""

import base64
import hashlib
import io
import itertools
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers import figures
from helpers.batching import bucketed, fixed, grouped, packed, token_budget

ROOT = Path(__file__).parents[3]
TAILS = ("keep", "drop", "pad", "wrap")


def parsed(drawing):
    return ElementTree.fromstring(drawing.svg)


def words(drawing):
    return [text.text for text in parsed(drawing).iter("text")]


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


def hatch(drawing):
    return f"url(#{parsed(drawing).find('.//pattern').get('id')})"


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


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
        ({"a": -1}, (), r"values\['a'\]: expected a finite number of at least 0, got -1"),
        ({"a": float("nan")}, (), "finite"),
        ({"a": 1}, ("b",), "wrong must name labels"),
    ],
)
def test_bars_refuse_what_they_cannot_draw(values, wrong, message):
    with pytest.raises(ValueError, match=message):
        figures.bars(values, wrong=wrong)


# --- padded batches


def boxes(drawing, look):
    """The rectangles ``(x, y, width)`` of the paths whose style begins with ``look``."""
    found = []
    for path in parsed(drawing).iter("path"):
        if path.get("style", "").startswith(look):
            runs = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v", path.get("d"))
            found += [tuple(map(float, run)) for run in runs]
    return sorted(found)


def empty(drawing):
    return boxes(drawing, f"fill:none;stroke:{figures.css('masked')};")


ROWS = np.array([[True] * 5 + [False] * 2, [True] * 2 + [False] * 5])
FILLED = f"fill:{figures.css('time')}"


def test_a_padded_batch_has_a_cell_for_every_step():
    drawing = figures.draw_padded(ROWS, np.arange(14).reshape(2, 7), title="Padded")
    assert len(boxes(drawing, FILLED)) == 7
    assert len(boxes(drawing, f"fill:{hatch(drawing)}")) == 7
    assert empty(drawing) == []
    said = words(drawing)
    assert said[0] == "row 1, 5 steps + 2 padding"
    assert [word for word in said if word.isdigit()] == [str(i) for i in range(14)]
    assert drawing.alt == (
        "2 rows padded to 7 steps: row 1, 5 steps + 2 padding; row 2, 2 steps + 5 padding."
    )
    assert "row 1, 7 steps" in words(figures.draw_padded(np.ones((1, 7), dtype=bool)))


def test_a_step_that_the_model_skips_is_outlined_and_empty():
    seen = ROWS.copy()
    seen[0, 1] = False  # a real step that looks like padding
    seen[1, 6] = True  # and padding that gets in
    drawing = figures.draw_padded(ROWS, np.arange(14).reshape(2, 7), seen=seen)
    assert len(boxes(drawing, FILLED)) == 7 + 6
    assert len(boxes(drawing, f"fill:{hatch(drawing)}")) == 7 + 1
    assert len(empty(drawing)) == 7
    left, pitch = boxes(drawing, FILLED)[0][0], 32
    assert [round((x - 0.75 - left) / pitch) for x, y, _ in empty(drawing) if y < 80] == [1, 5, 6]
    said = words(drawing)
    assert "the model sees 4 steps, not 1 real" in said
    assert "the model sees 2 steps + 1 padding" in said
    assert said.count("1") == 1  # its value stands in the first line only
    assert drawing.alt.endswith(
        "The model sees: row 1, 4 steps, not 1 real; row 2, 2 steps + 1 padding."
    )


def test_without_a_mask_the_padding_gets_in():
    drawing = figures.draw_padded(ROWS, seen=np.ones_like(ROWS))
    assert len(boxes(drawing, f"fill:{hatch(drawing)}")) == 2 * 7
    assert empty(drawing) == []


@pytest.mark.parametrize("steps", [1, 7, 12, 29, 64])
def test_padded_batches_fit_a_narrow_screen(steps):
    drawing = figures.draw_padded(np.arange(steps) < np.array([[steps], [steps // 2]]))
    cells_ = boxes(drawing, FILLED) + boxes(drawing, f"fill:{hatch(drawing)}")
    assert len(cells_) == 2 * steps
    assert all(x >= 0 and x + width <= figures.WIDTH and width > 3 for x, _, width in cells_)


def test_values_are_readable_on_the_colour_of_time():
    drawing = figures.draw_padded(ROWS, np.full((2, 7), -0.5))
    (ink,) = {
        re.search("fill:(#[0-9A-F]+)$", group.get("style"))[1]
        for group in parsed(drawing).iter("g")
        if re.search("fill:#[0-9A-F]+$", group.get("style", ""))
    }
    for palette in (figures.PALETTE, figures.PALETTE_DARK):
        assert contrast(ink, palette["time"]) >= 4.5


@pytest.mark.parametrize(
    ("mask", "more", "error", "message"),
    [
        (ROWS.astype(int), {}, TypeError, "^mask: expected bool, got dtype int64"),
        (ROWS[0], {}, ValueError, r"^mask: expected \(batch, time\), got shape \(7,\)"),
        (ROWS[:0], {}, ValueError, r"^mask: expected .* got shape \(0, 7\)"),
        (ROWS, {"seen": ROWS * 1}, TypeError, "^seen: expected bool"),
        (ROWS, {"seen": ROWS[:1]}, ValueError, r"^seen: .* shape \(2, 7\), got \(1, 7\)"),
        (ROWS, {"values": np.ones((2, 6))}, ValueError, r"^values: .*\(2, 7\), got \(2, 6\)"),
        (ROWS, {"values": np.full((2, 7), 0.12345678)}, ValueError, "^values: .* 10 characters"),
        (np.ones((13, 2), bool), {}, ValueError, r"at most 12 rows of 64 steps, got \(13, 2\)"),
        (np.ones((2, 65), bool), {}, ValueError, r"at most 12 rows of 64 steps, got \(2, 65\)"),
    ],
)
def test_padded_batches_that_cannot_be_drawn_are_refused(mask, more, error, message):
    with pytest.raises(error, match=message):
        figures.draw_padded(mask, **more)


# --- the way of a mask


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


# --- how far padding reaches


@pytest.mark.slow
@pytest.mark.parametrize("zeros", [True, False])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_reach_is_what_keras_computes(kernel, zeros):
    import keras

    steps, padding, layers = 7, 4, 3
    random = np.random.default_rng(0)
    row = random.normal(size=(1, steps, 2)).astype("float32")
    behind = np.zeros((1, padding, 2)) if zeros else random.normal(size=(1, padding, 2))
    padded = np.concatenate([row, behind.astype("float32")], axis=1)
    want = figures.reach(steps, padding, kernel=kernel, layers=layers, zeros=zeros)
    assert want.shape == (layers + 1, steps)
    assert not want[0].any()
    alone, batch = row, padded
    for layer in range(layers):
        conv = keras.layers.Conv1D(2, kernel, padding="same")
        conv.build(alone.shape)
        conv.set_weights([random.normal(size=weight.shape) for weight in conv.weights])
        alone, batch = (keras.ops.convert_to_numpy(conv(x)) for x in (alone, batch))
        moved = np.abs(alone - batch[:, :steps]).max(axis=(0, 2)) > 1e-3
        assert moved.tolist() == want[layer + 1].tolist()


def test_reach_grows_from_the_border_by_half_a_kernel():
    counts = [0, 2, 4, 6]
    assert figures.reach(8, 4, kernel=5, layers=3, zeros=False).sum(axis=1).tolist() == counts
    changed = figures.reach(8, 4, kernel=5, layers=3)
    assert changed.sum(axis=1).tolist() == [0, 0, 2, 4]
    assert np.flatnonzero(changed[2]).tolist() == [6, 7]
    assert not figures.reach(8, 0, kernel=5, layers=3, zeros=False).any()
    assert figures.reach(2, 1, kernel=5, layers=3).sum(axis=1).tolist() == [0, 0, 2, 2]


def test_a_step_that_padding_has_changed_is_crossed_out():
    drawing = figures.draw_reach(6, 4, kernel=3, layers=3)
    error = f"fill:none;stroke:{figures.css('error')}"
    assert len(boxes(drawing, error)) == 0 + 0 + 1 + 2
    assert len(boxes(drawing, FILLED)) == 6 + 6 + 5 + 4
    assert len(boxes(drawing, f"fill:{hatch(drawing)}")) == 4 * 4
    said = words(drawing)
    assert said == [
        "the input: 6 real steps, 4 padding",
        "after 1 convolution: no real step changed",
        "after 2 convolutions: 1 of 6 steps changed",
        "after 3 convolutions: 2 of 6 steps changed",
        "border",
    ]
    assert drawing.alt == "Convolutions of kernel 3. " + "; ".join(said[:-1]) + "."


def test_the_border_stands_between_the_row_and_its_padding():
    drawing = figures.draw_reach(6, 4, kernel=3, layers=2)
    borders = [
        tuple(map(float, found))
        for path in parsed(drawing).iter("path")
        for found in re.findall(r"M([\d.]+) ([\d.]+)v24", path.get("d"))
    ]
    assert len(borders) == 3
    real, padding = boxes(drawing, FILLED), boxes(drawing, f"fill:{hatch(drawing)}")
    assert max(x + w for x, _, w in real) < borders[0][0] < min(x for x, _, _ in padding)
    assert max(x + w for x, _, w in padding) <= figures.WIDTH


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"steps": 0}, ValueError, "^steps: expected an integer of at least 1, got 0"),
        ({"steps": 2.0}, TypeError, "^steps: expected an integer, got float 2.0"),
        ({"padding": 0}, ValueError, "^padding: expected at least 1, got 0"),
        ({"padding": -1}, ValueError, "^padding: expected an integer of at least 0, got -1"),
        ({"kernel": True}, TypeError, "^kernel: expected an integer, got bool True"),
        ({"layers": 0}, ValueError, "^layers: expected an integer of at least 1, got 0"),
        ({"layers": 9}, ValueError, "^layers: expected at most 8, got 9"),
        ({"padding": 37}, ValueError, "^steps \\+ padding: expected at most 40, got 41"),
    ],
)
def test_a_reach_that_cannot_be_drawn_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        figures.draw_reach(**{"steps": 4, "padding": 2, "kernel": 3, "layers": 2, **given})


# --- images and the columns of their feature maps

BATCH = [np.eye(8)[:, :5] * 16, np.eye(8, 9) * 3 + 1]  # 8 x 5 and 8 x 9


def inked(drawing, shape, which=0):
    """The grey of every pixel of one drawn image, read back from its paths."""
    places = [g for g in parsed(drawing).iter("g") if (g.get("transform") or "")]
    levels = np.zeros(shape)
    for path in places[which]:
        for run in re.findall(r"M(\d+) (\d+)h(\d+)", path.get("d")):
            column, row, size = map(int, run)
            assert not levels[row, column : column + size].any()
            levels[row, column : column + size] = float(path.get("stroke-opacity"))
    return levels


def place(drawing, which=0):
    """Where an image stands: its left edge, its upper edge and the size of a pixel."""
    places = [g.get("transform") for g in parsed(drawing).iter("g") if g.get("transform")]
    x, y, scale = map(float, re.findall(r"[\d.]+", places[which]))
    return x, y - scale / 2, scale


def test_every_pixel_of_an_image_is_drawn_with_its_ink():
    image = np.random.default_rng(0).integers(0, 17, size=(8, 23))
    image[0, :3], image[3] = [0, 1, 16], 0
    drawing = figures.draw_images([image], ink=16)
    np.testing.assert_allclose(inked(drawing, image.shape), np.ceil(image / 16 * 5) / 5)
    assert (inked(drawing, image.shape) > 0).tolist() == (image > 0).tolist()
    by_itself = figures.draw_images([image / 16])
    assert inked(by_itself, image.shape).tolist() == inked(drawing, image.shape).tolist()
    assert figures.pixels(np.zeros((2, 2)), 0, 0, 1, ink=1) == ""
    assert len(drawing.svg) < 4000


def test_a_batch_of_images_is_drawn_to_one_scale_with_its_padding():
    drawing = figures.draw_images(BATCH, padded=(10, 9), names=["five", "nine"])
    assert drawing.alt == (
        "2 images padded to height 10 and width 9: five, height 8 + 2 padding, width 5 + 4 "
        "padding; nine, height 8 + 2 padding, width 9."
    )
    said = ["".join(text.itertext()) for text in parsed(drawing).iter("text")]
    assert said[:5] == ["five, width 5 + 4 padding", "height", "8", "+ 2", "padding"]
    assert "nine, width 9" in said
    (left, top, scale), (_, lower, same) = place(drawing), place(drawing, 1)
    assert scale == same
    widths = boxes(drawing, f"fill:{figures.css('width')}")
    assert [round(w / scale) for _, _, w in sorted(widths, key=lambda box: box[1])] == [5, 9]
    hatched = boxes(drawing, f"fill:{hatch(drawing)}")
    assert sorted((round((x - left) / scale), round(w / scale)) for x, _, w in hatched) == [
        (0, 9),
        (0, 9),
        (5, 4),
    ]
    below = sorted(y for x, y, w in hatched if round(w / scale) == 9)
    assert below == pytest.approx([top + 8 * scale, lower + 8 * scale])
    tall = [p for p in parsed(drawing).iter("path") if p.get("style") == f"fill:{HEIGHT}"]
    assert [float(re.search(r"v([\d.]+)", p.get("d"))[1]) / scale for p in tall] == [8, 8]


HEIGHT = figures.css("height")


def test_a_padded_batch_is_drawn_as_its_images_are():
    batch = np.zeros((2, 10, 9, 1))
    for row, image in zip(batch, BATCH, strict=True):
        row[:8, : image.shape[1], 0] = image
    batch[0, :, 5:], batch[:, 8:] = 7, 7  # what the padding holds is not shown
    sizes = np.array([[8, 5], [8, 9]])
    wanted = figures.draw_images(BATCH, padded=(10, 9))
    assert figures.draw_images(batch, sizes).svg == wanted.svg
    alone = figures.draw_images(BATCH)
    assert hatch(alone) not in alone.body
    assert alone.alt == "2 images: image 1, height 8, width 5; image 2, height 8, width 9."


def test_regions_are_framed_and_numbered_in_their_order():
    found = [[[0, 3, 8, 5], [2, 0, 8, 3]], []]
    drawing = figures.draw_images(BATCH, boxes=found)
    assert "image 1, height 8, width 5, 2 regions; image 2, height 8, width 9, 0 regions" in (
        drawing.alt
    )
    left, top, scale = place(drawing)
    frames = boxes(drawing, f"fill:none;stroke:{figures.css('time')}")
    assert [(round((x - left) / scale), round((y - top) / scale)) for x, y, _ in frames] == [
        (0, 2),
        (3, 0),
    ]
    tabs = boxes(drawing, f"fill:{figures.css('time')}")
    assert all(y >= top + 8 * scale for _, y, _ in tabs)
    numbers = {
        t.text: float(t.get("x")) for t in parsed(drawing).iter("text") if t.text in ("1", "2")
    }
    assert numbers["2"] < numbers["1"]  # the second one stands to the left
    lines = figures.draw_images([np.ones((20, 9))], boxes=[[[0, 0, 8, 9], [10, 0, 18, 9]]])
    _, top, scale = place(lines)
    inside = [y for _, y, _ in boxes(lines, f"fill:{figures.css('time')}")]
    assert inside == pytest.approx([top, top + 10 * scale])


@pytest.mark.parametrize("width", [1, 5, 31, 90, 160])
def test_images_fit_a_narrow_screen(width):
    drawing = figures.draw_images([np.ones((8, width)), np.ones((20, 1))], padded=(20, width))
    for look in (f"fill:{figures.css('width')}", f"fill:{hatch(drawing)}"):
        assert all(x + w <= figures.WIDTH for x, _, w in boxes(drawing, look))
    x, _, scale = place(drawing)
    assert x + width * scale <= figures.WIDTH


IMAGE = np.ones((8, 5))


@pytest.mark.parametrize(
    ("images", "more", "error", "message"),
    [
        ([], {}, ValueError, "^images: expected at least one"),
        ([np.ones(5)], {}, ValueError, r"^images: .* got \(5,\) in image 0"),
        ([np.ones((2, 0))], {}, ValueError, r"^images: .* got \(2, 0\) in image 0"),
        ([IMAGE, -IMAGE], {}, ValueError, "^images: expected finite .* in image 1"),
        ([IMAGE * np.nan], {}, ValueError, "^images: expected finite"),
        ([IMAGE] * 13, {}, ValueError, "^images: expected at most 12 .* got 13 of 8 x 5"),
        ([np.ones((2, 161))], {}, ValueError, "^images: expected at most 12 .* of 2 x 161"),
        ([IMAGE], {"padded": (8, 4)}, ValueError, r"^padded: .*\(8, 5\).* image 0, got \(8, 4\)"),
        ([IMAGE], {"padded": 9}, ValueError, r"^padded: expected \(height, width\), got 9"),
        ([IMAGE], {"padded": (8.0, 5)}, TypeError, "^padded: expected an integer, got float 8.0"),
        ([IMAGE], {"sizes": [[8, 6]]}, ValueError, r"^sizes: expected 1 to \(8, 5\), got \[8, 6\]"),
        ([IMAGE], {"sizes": [[0, 5]]}, ValueError, r"^sizes: .* got \[0, 5\] in row 0"),
        ([IMAGE], {"sizes": [8, 5]}, ValueError, r"^sizes: expected shape \(1, 2\), got \(2,\)"),
        ([IMAGE], {"sizes": [[8.0, 5]]}, TypeError, "^sizes: expected integers, got dtype float64"),
        ([IMAGE], {"sizes": [[8, 5]], "padded": (8, 5)}, ValueError, "^padded: expected None"),
        (
            [IMAGE, np.ones((9, 9))],
            {"sizes": [[1, 1]] * 2},
            ValueError,
            "^images: expected one pad",
        ),
        ([IMAGE], {"boxes": [[[0, 0, 8, 6]]]}, ValueError, "^boxes: .* image 0, got .*6.0"),
        ([IMAGE], {"boxes": [[[4, 0, 4, 3]]]}, ValueError, "^boxes: expected regions inside"),
        ([IMAGE], {"boxes": [[], []]}, ValueError, "^boxes: expected one set for each .* got 2"),
        ([IMAGE], {"names": "ab"}, ValueError, "^names: expected 1, got 2"),
        ([IMAGE], {"ink": 0.5}, ValueError, "^ink: expected .* at least 1, got 0.5"),
    ],
)
def test_images_that_cannot_be_drawn_are_refused(images, more, error, message):
    with pytest.raises(error, match=message):
        figures.draw_images(images, **more)


STACK = [("conv 3", 3, 1), ("pool 2", 2, 2)]


def keras_stack(layers, padding):
    """Convolutions of ones along the width: an output is above 0 where its window holds ink."""
    import keras

    stack = []
    for _, window, strides in layers:
        conv = keras.layers.Conv2D(
            1, (1, window), (1, strides), padding, use_bias=False, kernel_initializer="ones"
        )
        stack.append(conv)
    return stack


@pytest.mark.slow
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    "windows", [[(3, 1), (2, 2)], [(3, 2), (3, 2)], [(4, 4)], [(5, 3), (2, 1), (3, 2)]], ids=str
)
@pytest.mark.parametrize("width", [10, 13, 16])
def test_columns_see_the_pixels_that_keras_shows_them(width, windows, padding):
    import keras

    layers = [(str(window), *window) for window in windows]
    spans = figures.column_spans(width, layers, padding)
    seen = np.eye(width, dtype="float32")[:, None, :, None]  # one image for each pixel
    for conv, span in zip(keras_stack(layers, padding), spans, strict=True):
        if not len(span):
            assert seen.shape[2] < conv.kernel_size[1]  # newer versions of Keras refuse it
            return
        seen = keras.ops.convert_to_numpy(conv(seen))
        pixels = np.arange(width)[:, None]
        wanted = (pixels >= span[:, 0]) & (pixels < span[:, 1])
        assert (seen[:, 0, :, 0] > 0).tolist() == wanted.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_columns_are_as_many_as_keras_makes(padding):
    import keras

    layers = keras.layers
    stack = [
        layers.Conv2D(2, 3, padding=padding),
        layers.MaxPooling2D(2, padding=padding),
        layers.Conv2D(2, 3, strides=2, padding=padding),
        layers.AveragePooling2D(3, padding=padding),
    ]
    triples = [*STACK, ("conv 3 strides 2", 3, 2), ("pool 3", 3, 3)]
    for width in range(18, 40):
        shape = (1, 40, width, 1)
        for layer, spans in zip(stack, figures.column_spans(width, triples, padding), strict=True):
            shape = layer.compute_output_shape(shape)
            assert len(spans) == shape[2]


def test_too_narrow_an_image_leaves_no_column():
    assert [len(spans) for spans in figures.column_spans(2, STACK)] == [0, 0]
    assert [len(spans) for spans in figures.column_spans(3, STACK)] == [1, 0]
    assert [len(spans) for spans in figures.column_spans(1, STACK, "same")] == [1, 1]
    drawing = figures.draw_columns(np.ones((8, 3)), STACK, padded=9, alone=True)
    assert drawing.alt == (
        "An image of width 3 + 6 padding; conv 3, 1 column + 6 padding; pool 2, no column, 3 "
        "padding; the sequence, no step, 3 padding."
    )
    assert "the image alone: no step" in words(drawing)
    narrow = figures.draw_columns(np.ones((8, 2)), STACK)
    assert narrow.alt.endswith("pool 2, no column; the sequence, no step.")


def dashes(drawing, paint):
    """Columns of one paint as ``(left edge, upper edge, pitch, number)``, line by line."""
    found = []
    for group in parsed(drawing).iter("g"):
        style = group.get("style", "")
        if style.endswith(f";stroke:{paint}") and "dasharray" in style:
            height = float(re.search(r"stroke-width:([\d.]+)", style)[1])
            dash, gap = map(float, re.search(r"dasharray:([\d.]+) ([\d.]+)", style).groups())
            x, y, size = map(
                float, re.search(r"M([\d.]+) ([\d.]+)h([\d.]+)", group[0].get("d")).groups()
            )
            number = round((size + gap) / (dash + gap))
            found.append((x, y - height / 2, dash + gap, number))
    return found


def test_columns_stand_under_the_middle_of_what_they_see():
    drawing = figures.draw_columns(np.ones((8, 13)), STACK, padded=20)
    left, top, scale = place(drawing)
    columns = dashes(drawing, figures.css("width"))
    assert [number for *_, number in columns] == [11, 5]
    assert [number for *_, number in dashes(drawing, hatch(drawing))] == [7, 4, 4]
    (steps,) = dashes(drawing, figures.css("time"))
    spans = figures.column_spans(20, STACK)
    for (x, _, pitch, number), span in zip([*columns, steps], [*spans, spans[-1]], strict=True):
        middles = (x + (np.arange(number) + 0.5) * pitch - left) / scale
        np.testing.assert_allclose(middles, span[:number].mean(axis=1), atol=0.02)
    assert words(drawing) == [
        "image: width 13 + 7 padding",
        "conv 3: 11 columns + 7 padding",
        "pool 2: 5 columns + 4 padding",
        "the sequence: 5 steps + 4 padding",
        "1",
        "5",
    ]
    assert drawing.alt.endswith("The last step sees pixels 8 to 11.")
    wedges = [p for p in parsed(drawing).iter("path") if re.match("M.*H.*V.*L.*H.*L", p.get("d"))]
    reach = [list(map(float, re.search(r"M(\S+) \S+H(\S+)V", p.get("d")).groups())) for p in wedges]
    assert [[round((x - left) / scale) for x in each] for each in reach] == [[0, 4], [8, 12]]
    assert top > 0


def test_same_with_strides_moves_the_steps_of_a_padded_image():
    layers = [("conv 3, strides 2", 3, 2)]
    moved = figures.draw_columns(np.ones((8, 13)), layers, padded=20, padding="same", alone=True)
    batch, own = dashes(moved, figures.css("time"))
    _, _, scale = place(moved)
    assert batch[0] - own[0] == pytest.approx(scale, abs=0.02)  # by one pixel
    assert batch[2:] == own[2:]
    assert "the image alone: 7 steps, moved" in words(moved)
    assert moved.alt.endswith(
        "The last step sees pixels 12 to 14, 2 pixels of padding among them. In the batch the "
        "steps have moved: the first sees from pixel 0, alone from -1."
    )
    stays = figures.draw_columns(np.ones((8, 13)), layers, padded=21, padding="same", alone=True)
    batch, own = dashes(stays, figures.css("time"))
    assert (batch[0], *batch[2:]) == (own[0], *own[2:])
    assert "the image alone: 7 steps" in words(stays)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("widths", [(1, 64), (9, 9), (12, 33), (64, 64)])
def test_columns_fit_a_narrow_screen(widths, padding):
    layers = [("conv 3 strides 2", 3, 2)] * 3
    drawing = figures.draw_columns(
        np.ones((8, widths[0])), layers, padded=widths[1], padding=padding, alone=True
    )
    for role in ("width", "time"):
        for x, _, pitch, number in dashes(drawing, figures.css(role)):
            assert 0 <= x <= x + pitch * number - 1 <= figures.WIDTH
    for x, _, pitch, number in dashes(drawing, hatch(drawing)):
        assert 0 <= x <= x + pitch * number - 1 <= figures.WIDTH


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"layers": []}, ValueError, "^layers: expected at least one"),
        ({"layers": [("a", 1, 1)] * 9}, ValueError, "^layers: expected at most 8, got 9"),
        ({"layers": [("a", 0, 1)]}, ValueError, "^window of 'a': expected .* at least 1, got 0"),
        ({"layers": [("a", 1, 2.0)]}, TypeError, "^strides of 'a': expected an integer"),
        ({"padding": "causal"}, ValueError, "^padding: expected 'valid' or 'same', got 'causal'"),
        ({"padded": 4}, ValueError, "^padded: expected at least the image's width 5, got 4"),
        ({"padded": 5.0}, TypeError, "^padded: expected an integer, got float 5.0"),
        ({"padded": 65}, ValueError, "^image: expected at most 40 x 64 pixels, got 8 x 65"),
        ({"image": np.ones((41, 5))}, ValueError, "^image: .* got 41 x 5"),
        ({"image": np.ones(5)}, ValueError, r"^images: expected \(height, width\), got \(5,\)"),
    ],
)
def test_columns_that_cannot_be_drawn_are_refused(given, error, message):
    with pytest.raises(error, match=message):
        figures.draw_columns(**{"image": IMAGE, "layers": STACK, **given})


# --- batches drawn to scale


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
    assert max(x + 6.8 * len(word) for x, word in first) <= min(x for x, _, _ in found)
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
        ({"a": [1, float("nan")]}, r"^series\['a'\]: expected finite numbers, got \[1.0, nan\]"),
        ({"a": [1, -1e301]}, r"^series\['a'\]: expected numbers within ±1e300 .* got -1e\+301"),
        ({"a": [1, 1e30]}, r"^series\['a'\]: .* that form '{:.2f}' writes in at most 24 char"),
        ({"a" * 25: [1, 2]}, "^series: expected names of at most 24 characters"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(series, message):
    with pytest.raises(ValueError, match=message):
        figures.draw_curves(series)


# --- photographs


def drawn(drawing):
    """Every photograph: its greys, read back from its PNG, its left, its top and the scale."""
    found = []
    for group in parsed(drawing).iter("g"):
        for image in group.findall("image"):
            data = base64.b64decode(image.get("href").removeprefix("data:image/png;base64,"))
            levels = np.array(Image.open(io.BytesIO(data)))
            assert levels.shape == (int(image.get("height")), int(image.get("width")))
            x, y, scale = map(float, re.findall(r"[\d.]+", group.get("transform")))
            found.append((levels, x, y, scale))
    return found


def squares(drawing, look):
    """Every rectangle of a look: left, top, width and height."""
    return [
        tuple(map(float, box))
        for path in parsed(drawing).iter("path")
        if path.get("style", "").startswith(look)
        for box in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)", path.get("d"))
    ]


GREY = np.random.default_rng(1).integers(0, 256, size=(41, 61)).astype("uint8")
CLIP = np.random.default_rng(2).random((4, 20, 30, 1))


@pytest.mark.parametrize(
    ("image", "white"),
    [
        (GREY, None),
        (GREY[..., None], None),
        (GREY / 255, None),
        (GREY.astype("float32"), None),
        (GREY / 255 * 16, 16),
    ],
    ids=["uint8", "channels", "shares", "float32", "white"],
)
def test_every_pixel_of_a_photograph_is_drawn_in_the_nearest_grey(image, white):
    drawing = figures.draw_photos([image], white=white)
    ((greys, *_),) = drawn(drawing)
    assert greys.tolist() == (np.rint(GREY / 17).astype(int) * 17).tolist()
    assert len(drawing.svg) < 4000


def test_a_photograph_is_the_same_on_every_machine():
    # What a sum in float32 may be off by, or another version of zlib, does not reach the bytes.
    image = np.arange(12.0).reshape(3, 4) * 8.5
    some = figures.draw_photos([image], white=255).svg
    assert figures.draw_photos([image - 1e-3 * (image > 0)], white=255).body in some
    href = re.search(r'base64,([^"]*)"', some)[1]
    assert hashlib.sha256(base64.b64decode(href)).hexdigest()[:16] == "c30b9560ba0b4e14"


@pytest.mark.parametrize("shape", [(1000, 99), (100, 1000), (1, 1)])
def test_the_largest_photograph_is_drawn_too(shape):
    image = np.random.default_rng(3).integers(0, 256, size=shape).astype("uint8")
    ((greys, *_),) = drawn(figures.draw_photos([image]))
    assert greys.tolist() == (np.rint(image / 17).astype(int) * 17).tolist()


def test_photographs_stand_to_one_scale_with_their_sizes_and_their_padding():
    other = GREY[:30, :40]
    padded = np.full((41, 61), 99, "uint8")
    padded[:30, :40] = other
    drawing = figures.draw_photos([GREY, padded], sizes=[None, (30, 40)], names=["all", "part"])
    assert drawing.alt == (
        "2 images: all, height 41, width 61; part, height 30 + 11 padding, width 40 + 21 padding."
    )
    assert words(drawing) == [
        *("width 61", "height 41", "all", "width 40 of 61", "height 30 of 41", "part"),
    ]
    (whole, x, y, scale), (part, left, top, same) = drawn(drawing)
    assert (scale, y) == (same, top)
    assert (whole.shape, part.shape) == ((41, 61), (30, 40))  # no padding in the picture
    hatched = squares(drawing, f"fill:{hatch(drawing)}")
    assert np.array(hatched) == pytest.approx(
        np.array(
            [
                (left + 40 * scale, top, 21 * scale, 30 * scale),
                (left, top + 30 * scale, 61 * scale, 11 * scale),
            ]
        ),
        abs=0.02,
    )
    bars = [box for box in squares(drawing, f"fill:{figures.css('width')}") if box[2] != 10]
    assert [box[0] for box in bars] == [x, left]
    assert [round(box[2] / scale) for box in bars] == [61, 40]
    bars = [box for box in squares(drawing, f"fill:{HEIGHT}") if box[3] != 10]
    assert [(box[1], round(box[3] / scale)) for box in bars] == [(y, 41), (y, 30)]
    keys = [  # as many as there are words of an axis
        len(squares(drawing, f"fill:{figures.css(axis)}")) for axis in ("height", "width")
    ]
    assert keys == [4, 4]
    unnamed = figures.draw_photos([GREY, padded])
    assert unnamed.alt == "2 images: image 1, height 41, width 61; image 2, height 41, width 61."
    assert not [word for word in words(unnamed) if "image" in word]


@pytest.mark.parametrize(
    ("images", "more"),
    [
        ([np.ones((73, 65)), np.ones((36, 33)), np.ones((91, 96)), np.ones((9, 7))] * 2, {}),
        ([np.ones((8, 200)), np.ones((8, 200))], {"names": ["a" * 40, "b"], "wrong": [0, 1]}),
        ([np.ones((64, 64))] * 5, {"sizes": [(9, 9)] * 5, "scale": 0.8}),
        ([np.ones((20, 1000))], {}),
        ([np.ones((30, 346))], {"scale": 1}),
        ({"a" * 40: CLIP, "second": np.ones((9, 20, 50))}, {"clip": True, "wrong": [1, 3, 4]}),
        ({"one": [CLIP[0]], "other": list(CLIP)}, {"scale": 2.5}),
    ],
    ids=["crops", "wide", "small", "widest", "exactly", "clips", "lines"],
)
def test_photographs_fit_a_narrow_screen_and_stand_apart(images, more):
    drawing = figures.draw_photos(images, **more)
    found = drawn(drawing)
    frames = squares(drawing, "fill:none")
    assert len(frames) == len(found)
    assert all(x + w <= figures.WIDTH - 3.9 and y + h <= drawing.height for x, y, w, h in frames)
    texts = [
        (float(t.get("x")), float(t.get("y")), len(t.text) * (7.3 if t.get("font-weight") else 6.4))
        for t in parsed(drawing).iter("text")
    ]
    assert all(x + size <= figures.WIDTH for x, _, size in texts)
    for (x, y, size), (other, line, wide) in itertools.combinations(texts, 2):
        assert abs(y - line) >= 14 or x + size <= other or other + wide <= x
    for (x, y, w, h), (a, b, c, d) in itertools.combinations(frames, 2):
        assert x + w < a or a + c < x or y + h < b or b + d < y
    for x, y, size in texts:  # no word on a photograph
        for a, b, c, d in frames:
            assert x >= a + c or x + size <= a or y <= b or y - 11 >= b + d


def test_the_scale_makes_room_for_two_or_three_unless_told_otherwise():
    def scales(count, wide, **more):
        return {each[3] for each in drawn(figures.draw_photos([GREY[:, :wide]] * count, **more))}

    assert scales(3, 50) == {2.09}  # (352 - 2 * 10) / 3 - 6 for the bar, over 50
    assert scales(6, 50) == {2.09}
    assert scales(4, 50) == scales(2, 50) == {3.3}
    assert scales(1, 50) == {4}
    assert scales(6, 50, scale=1.25) == {1.25}
    assert scales(4, 50, clip=True) == {1.61}
    assert scales(12, 50, clip=True) == {1}
    assert {each[3] for each in drawn(figures.draw_photos([np.ones((9, 692))]))} == {0.5}
    looks = [figures.draw_photos([GREY], scale=scale).body for scale in (1, 1.5)]
    assert ["pixelated" in look for look in looks] == [False, True]


def test_the_frames_of_a_clip_are_numbered_by_time():
    drawing = figures.draw_photos(
        {"a draw for each": CLIP, "one draw": CLIP[:3]}, clip=True, wrong=[1, 3]
    )
    assert drawing.alt == (
        "a draw for each, 4 frames, height 20, width 30; time 1, wrong; time 3, wrong; one draw, 3 "
        "frames, height 20, width 30."
    )
    said = words(drawing)
    assert said[:2] == ["a draw for each", "4 frames, height 20, width 30"]
    assert [word for word in said if "time" in word] == [f"time {t}" for t in (0, 1, 2, 3, 0, 1, 2)]
    assert said.count("wrong") == 2
    found = drawn(drawing)
    assert [(g / 17).tolist() for g, *_ in found[4:]] == [(g / 17).tolist() for g, *_ in found[:3]]
    assert len({top for *_, top, _ in found}) == 2  # each clip is one line
    bars = squares(drawing, f"fill:{figures.css('time')}")
    assert [round(w / found[0][3]) for _, _, w, _ in bars] == [30] * 7
    assert not squares(drawing, f"fill:{HEIGHT}")
    varying = figures.draw_photos([CLIP[0], CLIP[1, :10]], clip=True)
    assert varying.alt == "2 frames, of varying size."


def test_what_is_wrong_is_framed_and_says_so():
    drawing = figures.draw_photos([GREY] * 3, names=["a", "b", "c"], wrong=iter([1]))
    assert drawing.alt.endswith("b, height 41, width 61, wrong; c, height 41, width 61.")
    assert [word for word in words(drawing) if "wrong" in word] == ["b, wrong"]
    look = f"fill:none;stroke:{figures.css('error')}"
    (x, y, *_), (_, left, top, _) = squares(drawing, look)[0], drawn(drawing)[1]
    assert (x, y) == pytest.approx((left, top), abs=0.01)
    assert len(squares(drawing, look)) == 1
    assert words(figures.draw_photos([GREY], wrong=[0]))[-1] == "wrong"


def test_boxes_and_masks_lie_on_their_photograph():
    mask = np.zeros((41, 61), int)
    mask[:5, 10:20], mask[5:9, 10:20], mask[30, 40] = 7, 2, 7
    boxes = [[[3, 5, 20, 50], [0, 0, 0, 0]], []]
    drawing = figures.draw_photos([GREY, GREY], boxes=boxes, masks=[None, mask], scale=2)
    assert drawing.alt == (
        "2 images: image 1, height 41, width 61, 1 box; image 2, height 41, width 61, 2 classes "
        "outlined."
    )
    (_, x, y, _), (_, left, top, _) = drawn(drawing)

    def lines(paint):
        look = f"fill:none;stroke:{figures.css(paint)}"
        paths = [p for p in parsed(drawing).iter("path") if p.get("style").startswith(look)]
        assert all(f"stroke-width:{4 if paint == 'panel' else 2}" in p.get("style") for p in paths)
        assert ["dasharray" in p.get("style") for p in paths] == [False, paint == "ink"]
        return [p.get("d") for p in paths]

    assert lines("panel") == lines("ink")
    box, edges = lines("ink")
    found = list(map(float, re.findall(r"[\d.]+", box)))
    a, b, c, d, e = (found[0] - x) / 2, (found[1] - y) / 2, *found[2:]
    assert (b, a, (d - y) / 2, (c - x) / 2) == pytest.approx((3, 5, 20, 50), abs=0.01)
    assert e == found[0]
    seen = set()  # every side of a pixel that is drawn: row, column, and whether it lies flat
    for at, down, way, size in re.findall(r"M([\d.]+) ([\d.]+)([hv])([\d.]+)", edges):
        column, row = round((float(at) - left) / 2), round((float(down) - top) / 2)
        for i in range(round(float(size) / 2)):
            side = (row, column + i, "h") if way == "h" else (row + i, column, "v")
            assert side not in seen
            seen.add(side)
    wanted = set()
    for row, column in itertools.product(range(42), range(62)):

        def label(i, j):
            return mask[i, j] if 0 <= i < 41 and 0 <= j < 61 else 0

        if label(row, column) != label(row - 1, column):
            wanted.add((row, column, "h"))
        if label(row, column) != label(row, column - 1):
            wanted.add((row, column, "v"))
    assert seen == wanted
    assert len(wanted) == 2 * 9 + 3 * 10 + 4
    shared = figures.draw_photos([GREY], masks=[mask[..., None] > 0])
    assert "1 class outlined" in shared.alt


@pytest.mark.parametrize(
    ("images", "more", "error", "message"),
    [
        ([], {}, ValueError, "images: expected at least one in each line, got none"),
        ({"a": [GREY], "b": []}, {}, ValueError, "images: expected at least one in each line"),
        ([np.ones((4, 4, 3))], {}, ValueError, r"images: expected \(height, width\), got"),
        ([GREY - 128.0], {}, ValueError, "images: expected finite numbers from 0"),
        ([GREY.astype(int) + 1], {}, ValueError, "white: expected .* at least 256, got 255"),
        ([GREY], {"white": 16}, ValueError, "white: expected a number above 0 and at least 255"),
        ([GREY], {"white": 0}, ValueError, "white: expected a number above 0"),
        (
            [GREY],
            {"scale": 6},
            ValueError,
            "scale: expected .* at most 5.67, so that a width of 61",
        ),
        ([GREY], {"scale": 0}, ValueError, "scale: expected a number above 0"),
        ([GREY], {"sizes": [(42, 61)]}, ValueError, r"sizes: expected at most \(41, 61\), got"),
        ([GREY], {"sizes": [(0, 61)]}, ValueError, "sizes: expected .* at least 1, got 0"),
        ([GREY], {"sizes": [(4.0, 6)]}, TypeError, "sizes: expected an integer, got float 4.0"),
        ([GREY], {"sizes": [4]}, ValueError, r"sizes: expected \(height, width\) or None, got 4"),
        ([GREY], {"sizes": []}, ValueError, "sizes: expected one for each of 1 images, got 0"),
        ([GREY], {"boxes": [[[0, 0, 42, 9]]]}, ValueError, "boxes: expected regions inside of"),
        ([GREY], {"boxes": [[], []]}, ValueError, "boxes: expected one for each of 1 images"),
        ([GREY], {"masks": [GREY / 255]}, TypeError, "masks: expected integers or bool, got dtype"),
        ([GREY], {"masks": [GREY[1:]]}, ValueError, r"masks: expected shape \(41, 61\), got \(40,"),
        ([GREY], {"wrong": [1]}, ValueError, r"wrong: expected positions from 0 to 0, got \[1\]"),
        ([GREY], {"names": ["a" * 41]}, ValueError, "names: expected at most 40 characters"),
        ({"b" * 41: [GREY]}, {}, ValueError, "names: expected at most 40 characters"),
        ([GREY], {"names": ["a", "b"]}, ValueError, "names: expected 1, got 2"),
        ([GREY], {"names": ["a"], "clip": True}, ValueError, "names: expected None for clips"),
        ([GREY] * 25, {}, ValueError, "images: expected at most 24 of at most 100,000 pixels"),
        ([np.ones((320, 320))], {}, ValueError, "in all, got 1 of 102,400"),
        ([np.ones((2, 1001))], {}, ValueError, "at most 1000 pixels in an axis, got 1001"),
    ],
)
def test_photographs_that_cannot_be_drawn_are_refused(images, more, error, message):
    with pytest.raises(error, match=message):
        figures.draw_photos(images, **more)
