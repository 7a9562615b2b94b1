"""Drawings of photographs and clips: greys, sizes, padding, what is wrong, boxes and masks."""

import base64
import hashlib
import io
import itertools
import re

import numpy as np
import pytest
from drawn_svg import HEIGHT, hatch, parsed, words
from PIL import Image

from helpers import figures


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
        ([GREY - 128.0], {}, ValueError, r"images\[0\]: expected numbers from 0"),
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
        ([GREY], {"sizes": [(0, 61)]}, ValueError, r"sizes\[0\]\[0\]: .* at least 1, got 0"),
        ([GREY], {"sizes": [(4.0, 6)]}, TypeError, r"sizes\[0\]\[0\]: .* got float 4.0"),
        ([GREY], {"sizes": [4]}, TypeError, r"sizes\[0\]: expected a pair .*, got 4"),
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
