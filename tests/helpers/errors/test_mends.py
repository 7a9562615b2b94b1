"""The fixes of the error index that are code: they train and predict on batches of two sizes."""

import keras
import numpy as np
import pytest

from helpers import errors
from helpers.errors import situations

pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow

MENDED = [row.id for row in errors.catalogue() if hasattr(situations.of(row.id), "mend")]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("row", MENDED)
def test_fit_and_predict_of_two_sizes_are_what_an_eager_call_says(row, backwards):
    model, shapes = situations.of(row).mend()
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=shape).astype("float32") for shape in shapes]
    for x in batches[::-1] if backwards else batches:
        model.fit(x, np.zeros(model(x).shape), verbose=0)
    for x in batches[::-1] if backwards else batches:
        eager = keras.ops.convert_to_numpy(model(x))
        predicted = model.predict(x, verbose=0)
        np.testing.assert_allclose(predicted, eager, atol=1e-5)
