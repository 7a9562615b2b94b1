"""Drawings of padded batches, of what a model sees of them, and of how far padding reaches."""

import re

import numpy as np
import pytest
from drawn_svg import boxes, contrast, hatch, parsed, words

from helpers import figures

ROWS = np.array([[True] * 5 + [False] * 2, [True] * 2 + [False] * 5])
FILLED = f"fill:{figures.css('time')}"


def empty(drawing):
    return boxes(drawing, f"fill:none;stroke:{figures.css('masked')};")


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
    assert "the model sees 4 steps, misses 1 real" in said
    assert "the model sees 2 steps + 1 padding" in said
    assert said.count("1") == 1  # its value stands in the first line only
    assert drawing.alt.endswith(
        "The model sees: row 1, 4 steps, misses 1 real; row 2, 2 steps + 1 padding."
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
