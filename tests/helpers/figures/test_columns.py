"""Drawings of the columns of feature maps: as many as Keras makes, over what they see."""

import re

import numpy as np
import pytest
from drawn_svg import hatch, parsed, place, words

from helpers import figures

IMAGE = np.ones((8, 5))
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
        ({"layers": []}, ValueError, "^layers: expected 1 to 50"),
        ({"layers": [("a", 1, 1)] * 9}, ValueError, "^layers: expected at most 8, got 9"),
        ({"layers": [("a", 0, 1)]}, ValueError, r"^layers\[0\]: the window: .* at least 1, got 0"),
        ({"layers": [("a", 1, 2.0)]}, TypeError, r"^layers\[0\]: the strides: expected an integer"),
        ({"padding": "causal"}, ValueError, "^padding: expected one of .*, got 'causal'"),
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
