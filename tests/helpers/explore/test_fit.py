"""The explorer of fitting: its shares are those of the pixels, its resizing is Keras's."""

import functools
import itertools
import json
import re

import keras
import numpy as np
import pytest

from helpers.augmentation import fitted_size
from helpers.explore import fit_explorer
from helpers.explore.fit import crop_of, fit_image
from helpers.figures import WIDTH

EXPLORER = fit_explorer()
CHOICES = EXPLORER.choices()
CAT, PHOTOGRAPHER, CUP = EXPLORER.controls[0].values
SAME, KEPT = "height × 1.00, width × 1.00", "aspect and true size kept"


@functools.cache
def fitted(image, way, side):
    return EXPLORER.frame(image=image, way=way, side=side)


@pytest.mark.parametrize(
    ("choice", "shape", "scales", "padding", "lost", "verdict"),
    [
        # a third of 96 columns has no room in 64
        (
            (CAT, "resize", 64),
            "(64, 64, 1)",
            "height × 1.60, width × 0.67",
            0,
            33,
            "distorted: 2.4 times as high for its width",
        ),
        # 40 of 88 rows have no room in 48
        (
            (PHOTOGRAPHER, "resize", 48),
            "(48, 48, 1)",
            "height × 0.55, width × 1.20",
            0,
            45,
            "distorted: 2.2 times as wide for its height",
        ),
        (
            (CUP, "resize", 64),
            "(64, 64, 1)",
            "height × 1.14, width × 1.14",
            0,
            0,
            "aspect kept, true size not",
        ),
        # 40 × 96 becomes 27 × 64: 37 of 64 rows are padding, and 1728 of 3840 pixels are left
        (
            (CAT, "letterbox", 64),
            "(64, 64, 1)",
            "height × 0.68, width × 0.67",
            58,
            55,
            "aspect kept, true size not",
        ),
        # 88 × 40 becomes 32 × 15
        (
            (PHOTOGRAPHER, "letterbox", 32),
            "(32, 32, 1)",
            "height × 0.36, width × 0.38",
            53,
            86,
            "aspect kept, true size not",
        ),
        # 3840 of 64 · 96, then of 48 · 96 and of 64 · 128
        ((CAT, "pad to bucket", 32), "(64, 96, 1)", SAME, 38, 0, KEPT),
        ((CAT, "pad to bucket", 48), "(48, 96, 1)", SAME, 17, 0, KEPT),
        ((CAT, "pad to bucket", 64), "(64, 128, 1)", SAME, 53, 0, KEPT),
        ((CUP, "pad to bucket", 48), "(96, 96, 1)", SAME, 66, 0, KEPT),
        # 40 · 64 of 40 · 96 are left, and 24 of 64 rows are padding
        ((CAT, "crop", 64), "(64, 64, 1)", SAME, 38, 33, f"{KEPT}, the edges gone"),
        ((PHOTOGRAPHER, "crop", 32), "(32, 32, 1)", SAME, 0, 71, f"{KEPT}, the edges gone"),
        ((CUP, "crop", 64), "(64, 64, 1)", SAME, 23, 0, KEPT),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_fit_frame_says_what_it_took(choice, shape, scales, padding, lost, verdict):
    drawing = fitted(*choice)
    shares = f"padding {padding}%; pixels lost {lost}%"
    assert drawing.alt.endswith(f": {shape}; {scales}; {shares}; {verdict}.")
    for words in (f"after: {shape}", scales, f"{padding}%", f"{lost}%", verdict):
        assert f">{words}</text>" in drawing.body
    bars = re.findall(r'd="M84 (\d+)h([\d.]+)v12h-([\d.]+)z"', drawing.body)
    assert all(there == back for _, there, back in bars)
    drawn = {y: float(size) / 1.8 for y, size, _ in bars}
    assert drawn.get("44", 0) == pytest.approx(padding, abs=0.6)
    assert drawn.get("62", 0) == pytest.approx(lost, abs=0.6)


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_shares_of_a_fit_are_those_of_its_pixels(choice):
    before, way, side = crop_of(choice["image"]), choice["way"], choice["side"]
    fit = fit_image(before, way, side)
    marked = fit_image(np.ones(before.shape), way, side)
    assert marked.padding == pytest.approx((marked.image == 0).mean())
    assert (marked.image[: fit.size[0], : fit.size[1]] == 1).all()
    top, left, bottom, right = fit.kept
    if way in ("crop", "pad to bucket"):
        assert fit.image[: fit.size[0], : fit.size[1]].tolist() == (
            before[top:bottom, left:right].tolist()
        )
        assert fit.lost == pytest.approx(1 - (bottom - top) * (right - left) / before.size)
        assert abs(top - (before.shape[0] - bottom)) <= 1
        assert abs(left - (before.shape[1] - right)) <= 1
    if way == "pad to bucket":
        assert all(n % side == 0 for n in fit.image.shape)
        assert all(0 <= n - m < side for n, m in zip(fit.image.shape, before.shape, strict=True))
        assert fit.lost == 0
    else:
        assert fit.image.shape == (side, side)
    if way == "letterbox":
        assert max(fit.size) == side
    distorted = way == "resize" and choice["image"] != CUP
    assert ("distorted" in fitted(**choice).alt) == distorted


@pytest.mark.parametrize("choice", [*CHOICES[:6], CHOICES[0] | {"side": 45}], ids=str)
def test_what_is_resized_is_resized_as_by_keras(choice):
    for image in (CAT, PHOTOGRAPHER, CUP):
        before = crop_of(image)
        fit = fit_image(before, choice["way"], choice["side"])
        resized = keras.layers.Resizing(*fit.size)(before[..., None].astype("float32"))
        wanted = keras.ops.convert_to_numpy(resized)[..., 0]
        size = fit.size
        np.testing.assert_allclose(fit.image[: size[0], : size[1]], wanted, atol=0.01)


def test_the_letterbox_has_the_size_of_the_helper():
    for shape in itertools.product((1, 3, 40, 56, 57, 88), repeat=2):
        for side in (1, 32, 45, 64):
            fit = fit_image(np.ones(shape), "letterbox", side)
            assert fit.size == fitted_size(shape, (side, side))


def test_center_crop_enlarges_what_is_too_small():
    image = np.ones((40, 96, 1), "float32")
    cropped = keras.ops.convert_to_numpy(keras.layers.CenterCrop(64, 64)(image))
    assert cropped.shape == (64, 64, 1)
    assert cropped.min() > 0.99  # enlarged: no row is padding
    assert "Keras's CenterCrop enlarges the image" in EXPLORER.caption


def test_the_fit_explorer_says_what_it_shows():
    assert repr(EXPLORER) == (
        "Cat, 40 × 96, resize to 64 × 64: (64, 64, 1); height × 1.60, width × 0.67; padding 0%; "
        "pixels lost 33%; distorted: 2.4 times as high for its width."
    )
    assert len(CHOICES) == 36
    assert len({fitted(**choice).alt for choice in CHOICES}) == 36
    html = EXPLORER.html()
    assert len(html.encode()) < 100_000
    assert not re.search(r"https?:|//\w", re.sub(r"base64,[\w+/=]+", "", html))
    # the image before stands once among the parts, whatever becomes of it
    parts = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])[
        "parts"
    ]
    images = [part for part in parts if part.startswith("<image")]
    assert len(images) == len(set(images)) < 3 * 10


FINER = [choice | {"side": side} for choice in CHOICES[::3] for side in (33, 40, 47, 63)]


@pytest.mark.parametrize("choice", CHOICES + FINER, ids=str)
def test_fit_frames_fit_a_narrow_screen(choice):
    drawing = fitted(**choice)
    head, body = drawing.body.split('<g transform="translate(0 84)">')
    assert body.count("<image") == 2
    frames = [
        tuple(map(float, box))
        for box in re.findall(
            r"fill:none;stroke:var\(--shape-padding[^\"]*\" "
            r"d=\"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)",
            body,
        )
    ]
    (x, y, w, h), (left, top, wide, high) = frames
    assert y == top  # both stand in one line
    assert x + w < left
    assert left + wide <= WIDTH - 4
    assert 84 + y + max(h, high) <= drawing.height
    assert (
        max(
            float(x) + float(size)
            for x, size in re.findall(r"M(84) \d+h([\d.]+)", head) or [(0, 0)]
        )
        < 280
    )
    cut = choice["way"] == "crop" and "lost 0%" not in drawing.alt
    assert ("stroke-width:4" in body) == cut  # what the crop keeps is framed
