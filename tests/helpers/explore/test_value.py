"""The explorer of the value range: it adds and clips what Keras adds and clips."""

import re

import keras
import numpy as np
import pytest

from helpers.explore import value_range_explorer
from helpers.explore.value import brightened, cat

EXPLORER = value_range_explorer()
CHOICES = EXPLORER.choices()


def test_an_image_is_brightened_as_by_keras():
    finer = [{"high": high, "drawn": drawn} for high in (1, 3, 17) for drawn in (-0.07, 0.0, 0.03)]
    for choice in CHOICES + finer:
        high, drawn = choice["high"], choice["drawn"]
        layer = keras.layers.RandomBrightness((drawn, drawn), value_range=(0, high))
        wanted = keras.ops.convert_to_numpy(layer(cat()[..., None], training=True))[..., 0]
        np.testing.assert_allclose(brightened(cat(), high, drawn), wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("high", "drawn", "told"),
    [
        (255, 0.2, "added to each pixel: 0.2 × 255 = 51; black 0%, brighter than white 100%."),
        (255, -0.2, "added to each pixel: -0.2 × 255 = -51; black 100%, brighter than white 0%."),
        (1, 0.1, "added to each pixel: 0.1 × 1 = 0.1; black 0%, brighter than white 0%."),
    ],
)
def test_a_frame_says_what_was_added(high, drawn, told):
    assert EXPLORER.frame(high=high, drawn=drawn).alt.endswith(told)


def test_the_explorer_is_small_and_each_frame_says_something_else():
    assert EXPLORER.default == {"high": 255, "drawn": 0.2}
    assert len({EXPLORER.frame(**choice).alt for choice in CHOICES}) == len(CHOICES) == 20
    html = EXPLORER.html()
    assert len(html.encode()) < 100_000
    assert not re.search(r"https?:|//\w", re.sub(r"base64,[\w+/=]+", "", html))
