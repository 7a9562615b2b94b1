"""The fixes of the chapter on images train and predict at two sizes."""

import notebooks
import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
CELLS = {
    cell.id: cell.source
    for cell in notebooks.read(notebooks.ROOT / "book" / "images-to-sequences.ipynb").cells
}


def names_of(cell):
    """Run a cell and return what it defines."""
    names = {}
    exec(CELLS[cell], names)
    return names


def trained_alike(model, batches):
    """Train on each batch, then compare what `predict` and an eager call say of it."""
    model.compile("sgd", "mse")
    for x in batches:
        model.fit(x, np.zeros(model(x).shape), verbose=0)
    for x in batches:
        np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-5)


def test_columns_of_two_widths():
    model = names_of("in-short-columns")["model"]
    random = np.random.default_rng(0)
    trained_alike(model, [random.random((4, 8, width, 1)) for width in (12, 31)])


def test_clips_of_two_lengths():
    per_frame = names_of("clips-fix")["PerFrame"]
    frames = keras.Input((None, 8, 8, 1))
    pooled = keras.Sequential([keras.layers.Conv2D(3, 3), keras.layers.GlobalMaxPooling2D()])
    model = keras.Model(frames, keras.layers.LSTM(2)(per_frame(pooled)(frames)))
    random = np.random.default_rng(0)
    trained_alike(model, [random.random((4, time, 8, 8, 1)) for time in (6, 9)])
