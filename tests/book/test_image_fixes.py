"""The fixes of the chapter on images train and predict at two sizes."""

import numpy as np
import pytest
from fix_cells import names_of, trained_alike

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
CHAPTER = "images-to-sequences"


def test_columns_of_two_widths():
    model = names_of(CHAPTER, "in-short-columns")["model"]
    random = np.random.default_rng(0)
    trained_alike(model, [random.random((4, 8, width, 1)) for width in (12, 31)])


def test_clips_of_two_lengths():
    per_frame = names_of(CHAPTER, "clips-fix")["PerFrame"]
    frames = keras.Input((None, 8, 8, 1))
    pooled = keras.Sequential([keras.layers.Conv2D(3, 3), keras.layers.GlobalMaxPooling2D()])
    model = keras.Model(frames, keras.layers.LSTM(2)(per_frame(pooled)(frames)))
    random = np.random.default_rng(0)
    trained_alike(model, [random.random((4, time, 8, 8, 1)) for time in (6, 9)])
