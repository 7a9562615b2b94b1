"""Drawings of small images: every pixel, their padding, their sizes and their regions."""

import re

import numpy as np
import pytest
from drawn_svg import HEIGHT, boxes, hatch, parsed, place

from helpers import figures

BATCH = [np.eye(8)[:, :5] * 16, np.eye(8, 9) * 3 + 1]  # 8 x 5 and 8 x 9
IMAGE = np.ones((8, 5))


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


@pytest.mark.parametrize(
    ("images", "more", "error", "message"),
    [
        ([], {}, ValueError, "^images: expected at least one"),
        ([np.ones(5)], {}, ValueError, r"^images: .* got \(5,\) in image 0"),
        ([np.ones((2, 0))], {}, ValueError, r"^images: .* got \(2, 0\) in image 0"),
        ([IMAGE, -IMAGE], {}, ValueError, r"^images\[1\]: expected numbers from 0"),
        ([IMAGE * np.nan], {}, ValueError, r"^images\[0\]: expected finite"),
        ([IMAGE] * 13, {}, ValueError, "^images: expected at most 12 .* got 13 of 8 x 5"),
        ([np.ones((2, 161))], {}, ValueError, "^images: expected at most 12 .* of 2 x 161"),
        ([IMAGE], {"padded": (8, 4)}, ValueError, r"^padded: .*\(8, 5\).* image 0, got \(8, 4\)"),
        ([IMAGE], {"padded": 9}, TypeError, r"^padded: expected a pair .*, got 9"),
        (
            [IMAGE],
            {"padded": (8.0, 5)},
            TypeError,
            r"^padded\[0\]: expected an integer, got float 8.0",
        ),
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
        ([IMAGE], {"names": "ab"}, TypeError, "^names: expected a list, got str"),
        ([IMAGE], {"ink": 0.5}, ValueError, "^ink: expected .* at least 1, got 0.5"),
    ],
)
def test_images_that_cannot_be_drawn_are_refused(images, more, error, message):
    with pytest.raises(error, match=message):
        figures.draw_images(images, **more)
