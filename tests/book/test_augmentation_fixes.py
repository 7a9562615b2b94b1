"""The fixes of the chapter on augmentation train and predict at two sizes."""

import numpy as np
import pytest
from fix_cells import names_of, trained_alike

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
CHAPTER = "augmentation"
RANDOM = np.random.default_rng(0)
PICTURES = {size: RANDOM.random((3, *size, 1)).astype("float32") for size in ((20, 20), (31, 20))}


def test_rows_of_pixels_are_steps_of_any_number():
    model = names_of(CHAPTER, "in-short-rows", x=PICTURES[20, 20])["model"]
    for x in PICTURES.values():
        model.fit(x, np.zeros(3), verbose=0)
        assert model.predict(x, verbose=0).shape == (3, 2)


def test_columns_of_pixels_are_steps_of_any_number():
    names = names_of(CHAPTER, "ndim-fix", x=PICTURES[20, 20])
    inputs = keras.Input((20, None, 1))
    lstm = keras.layers.LSTM(2)(names["columns"](names["turned"](inputs)))
    model = keras.Model(inputs, lstm)
    trained_alike(model, [np.swapaxes(x, 1, 2) for x in PICTURES.values()])


def test_letterboxes_have_one_size():
    letterbox = names_of(CHAPTER, "in-short-letterbox", images=PICTURES[20, 20])["letterbox"]
    inputs = keras.Input((None, None, 1))
    dense = keras.layers.Dense(2)(keras.layers.Flatten()(letterbox(inputs)))
    trained_alike(keras.Model(inputs, dense), list(PICTURES.values()))


def test_images_of_several_sizes_are_augmented_then_padded():
    heights = RANDOM.integers(20, 40, 20)
    images = [RANDOM.random((height, 48, 1)).astype("float32") for height in heights]
    y = np.arange(20) % 2
    names = names_of(CHAPTER, "in-short-pipeline", "order-fix", images=images, y=y)
    assert len(names["history"].history["loss"]) == 2
    sizes = {x.shape[1] for x, _ in names["train"]}
    assert len(sizes) == 2
    assert names["reader"].predict(names["train"], verbose=0).shape == (20, 2)
    assert names["reader"].predict(names["batches"], verbose=0).shape == (20, 2)


def test_frames_of_clips_share_one_draw():
    one_draw = names_of(CHAPTER, "clips-fix")["one_draw"]
    flip = keras.layers.RandomFlip("horizontal", seed=1)
    for time in (2, 5):
        frame = RANDOM.random((6, 1, 8, 8, 1)).astype("float32")
        clips = np.repeat(frame, time, axis=1)
        drawn = np.asarray(one_draw(flip, clips))
        assert drawn.shape == clips.shape
        assert (drawn == drawn[:, :1]).all()
        assert (drawn != clips).any()
