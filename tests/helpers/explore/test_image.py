"""The explorer of images: its widths are Keras's, its verdicts what the columns see."""

import functools
import re

import keras
import pytest

from helpers.explore import STACKS, image_explorer
from helpers.figures import WIDTH, column_spans

EXPLORER = image_explorer()
CHOICES = EXPLORER.choices()


@functools.cache
def drawn(**choice):
    return EXPLORER.frame(**choice)


def frame(**choice):
    return drawn(**{**EXPLORER.default, **choice})


def test_the_image_explorer_says_what_it_shows():
    assert repr(EXPLORER) == (
        "Conv 3, pool 2, valid: width 13 → 11 → 5, batch 24 → 22 → 11; every step sees what it "
        "sees alone."
    )
    assert ">width 13 → 11 → 5</text>" in frame().body
    frames = [drawn(**choice) for choice in CHOICES]
    assert len(frames) == 72
    assert len({drawing.alt for drawing in frames}) == 72
    html = EXPLORER.html()
    assert len(html.encode()) < 70_000
    assert not re.search(r"https?:|//\w", html)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_widths_in_the_frame_are_those_of_keras(choice):
    layers, ways = keras.layers, []
    for width in (choice["width"], choice["batch"]):
        sizes, shape = [width], (1, 40, width, 1)
        for name, window, strides in STACKS[choice["stack"]]:
            of = {"strides": strides, "padding": choice["padding"]}
            layer = (
                layers.MaxPooling2D(window, **of)
                if name.startswith("pool")
                else layers.Conv2D(1, window, **of)
            )
            if sizes[-1]:
                try:
                    shape = layer.compute_output_shape(shape)
                except ValueError:  # Keras refuses where nothing is left
                    shape = (1, 40, 0, 1)
            sizes.append(max(shape[2], 0))
        ways.append(" → ".join(map(str, sizes)))
    drawing = drawn(**choice)
    assert f"width {ways[0]}, batch {ways[1]}; " in drawing.alt
    assert f">width {ways[0]}</text>" in drawing.body
    assert f"image: width {choice['width']}" in drawing.body
    # every verdict of the sentence stands in the drawing too
    assert drawing.alt.split("; ")[-1].rstrip(".") in drawing.body


def test_too_narrow_an_image_has_no_step_and_says_which_has():
    stack, padding = "conv 3, pool 2, conv 3", "valid"
    drawing = frame(width=6, stack=stack)
    assert "width 6 → 4 → 2 → 0," in drawing.alt
    assert "no step is left: the stack needs a width of 8" in drawing.alt
    assert "the image alone: no step" in drawing.body
    assert [len(column_spans(n, STACKS[stack], padding)[-1]) for n in (7, 8)] == [0, 1]
    assert "no step is left" not in frame(width=6, stack=stack, padding="same").alt


def test_same_with_strides_moves_the_steps_in_some_batches():
    choice = {"stack": "conv 3 strides 2, twice", "padding": "same"}
    drawing = frame(**choice)
    assert "moved: step 1 sees from pixel 0, alone from −3" in drawing.alt
    assert "the image alone: 4 steps, moved" in drawing.body
    said = [frame(width=20, batch=batch, **choice).alt for batch in (20, 24, 27)]
    assert ["moved" in alt for alt in said] == [False, False, True]
    valid = [frame(batch=n, stack=choice["stack"], padding="valid").alt for n in (20, 24, 27)]
    assert not any("moved" in alt for alt in valid)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_a_verdict_is_what_the_columns_see(choice):
    layers, padding = STACKS[choice["stack"]], choice["padding"]
    own, batch = (column_spans(choice[of], layers, padding)[-1] for of in ("width", "batch"))
    alt = drawn(**choice).alt
    edge = choice["width"]
    alone = [set(range(max(a, 0), min(b, edge))) for a, b in own]
    seen = [set(range(max(a, 0), min(b, choice["batch"]))) for a, b in batch[: len(own)]]
    padded = sum(max(pixels) >= edge for pixels in seen)
    if not alone:
        assert "no step is left" in alt
    elif "moved" in alt:
        assert (own[:, 0] != batch[: len(own), 0]).all()
    elif padded:
        assert f"in place, but {padded} of {len(own)} steps see" in alt
        assert [pixels - set(range(edge, 99)) for pixels in seen] == alone
    else:
        assert "every step sees what it sees alone" in alt
        assert seen == alone


def test_image_frames_fit_a_narrow_screen():
    fine = [
        {"width": width, "batch": batch, "stack": stack, "padding": padding}
        for width in EXPLORER.controls[0].fine
        for batch in EXPLORER.controls[1].fine
        for stack in STACKS
        for padding in ("valid", "same")
    ]
    for choice in fine:
        drawing = drawn(**choice)
        runs = re.findall(r"M([-\d.]+) [\d.]+h([\d.]+)\"/></g>", drawing.body)
        cells = [(float(x), float(x) + float(size)) for x, size in runs]
        assert min(x for x, _ in cells) >= 0
        assert max(end for _, end in cells) <= WIDTH
        texts = re.findall(r"<text[^>]*>([^<]*)<", drawing.body)
        assert max(map(len, texts)) <= 54
