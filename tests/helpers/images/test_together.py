"""From image to answer, every way: an image alone and in a padded batch give the same."""

from functools import cache

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers import images
from helpers.data import digit_strings
from helpers.padding import pad

pytestmark = pytest.mark.any_backend

PICTURES = [
    picture[..., None] / np.float32(16) for picture in digit_strings(12, heights=(8, 10))[0]
]
PICTURES = [PICTURES[i] for i in np.argsort([picture.shape[1] for picture in PICTURES])[[0, 6, 11]]]
SIZES = np.array([picture.shape[:2] for picture in PICTURES], "int32")
BOXES, COUNTS = images.pad_boxes(
    [images.ink_boxes(picture, widest=8) for picture in PICTURES], SIZES
)
WAYS = {
    "columns": lambda h, size, *_: images.ToSequence("columns", across="max")([h, size]),
    "rows": lambda h, size, *_: images.ToSequence("rows", across="mean")([h, size]),
    "cells": lambda h, size, *_: images.ToSequence("cells")([h, size]),
    "regions": lambda h, size, *found: images.CropRegions((3, 2), stride=2)([h, *found, size]),
}


@cache
def model_of(way):
    inputs = [keras.Input((None, None, 1)), keras.Input((2,), dtype="int32")]
    if way == "regions":
        inputs += [keras.Input((None, 4)), keras.Input((), dtype="int32")]
    stack = [
        layers.Conv2D(4, 3, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Conv2D(5, 2),
    ]
    h = WAYS[way](*images.SizedStack(stack)(inputs[:2]), *inputs[2:])
    model = keras.Model(inputs, layers.Bidirectional(layers.LSTM(4))(h))
    random = np.random.default_rng(3)
    for weight in model.weights:
        value = random.normal(0, 0.5, weight.shape)
        weight.assign(abs(value) if "variance" in weight.path else value)
    return model


def batch_of(way, rows, extra=0, padding=0.0):
    pictures = [PICTURES[i] for i in rows]
    height, width = SIZES[rows].max(axis=0)
    x, real = pad(pictures, (int(height) + extra, int(width) + extra), axes=2)
    x[~real] = padding
    batch = [x, SIZES[rows]]
    return [*batch, BOXES[rows], COUNTS[rows]] if way == "regions" else batch


def answers(model, batch):
    return np.asarray(ops.convert_to_numpy(model.predict_on_batch(batch)))


@pytest.mark.sampled(4)
@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_an_image_alone_answers_as_in_a_padded_batch_of_garbage(way):
    model = model_of(way)
    alone = np.concatenate([answers(model, batch_of(way, [i])) for i in range(3)])
    together = answers(model, batch_of(way, [0, 1, 2], extra=7, padding=np.nan))
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert np.ptp(alone, axis=0).min() > 1e-3  # the images do not all answer alike


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_saved_model_answers_the_same(way, tmp_path):
    model, batch = model_of(way), batch_of(way, [0, 1, 2], extra=7, padding=np.nan)
    before = answers(model, batch)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(answers(loaded, batch), before, atol=1e-6)
