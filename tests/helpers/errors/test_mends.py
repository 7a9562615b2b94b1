"""The fixes of the error index that are code: they train and predict on batches of two sizes."""

import importlib.util
import re

import keras
import numpy as np
import pytest

from helpers import errors
from helpers.errors import situations

pytestmark = pytest.mark.slow

MENDED = [row.id for row in errors.catalogue() if not row.no_mend]
# JAX compiles each shape anew, so one order has to do there.
ORDERS = [False] if keras.backend.backend() == "jax" else [False, True]


@pytest.mark.parametrize("row", errors.catalogue(), ids=lambda row: row.id)
def test_a_row_has_a_mend_or_says_why_it_has_none(row):
    pytest.importorskip("tensorflow")
    assert hasattr(situations.of(row.id), "mend") != bool(row.no_mend)
    other = re.fullmatch("The code is that of `(.*)`.", row.no_mend)
    assert other is None or other[1] in MENDED


def drawn(feed, model):
    """Return what `fit` takes; a shape becomes random inputs and targets of 0."""
    if callable(feed) or not isinstance(feed, tuple) or not isinstance(feed[0], int):
        return feed
    x = np.random.default_rng(0).normal(size=feed).astype("float32")
    return x, np.zeros(model(x).shape)


def opened(feed):
    """Return a dataset, or a new generator where a function makes them."""
    return feed() if callable(feed) else feed


def inputs(feed):
    """Return the inputs of every batch."""
    if isinstance(feed, tuple):
        return [feed[0]]
    if isinstance(feed, keras.utils.PyDataset):
        return [feed[index][0] for index in range(len(feed))]
    return [batch[0] for batch in feed]


def fit(model, feed):
    if isinstance(feed, tuple):
        x, y, *weights = feed
        model.fit(x, y, sample_weight=weights[0] if weights else None, verbose=0)
    else:
        model.fit(opened(feed), verbose=0)


def forget(model):
    """Set the states that stateful layers keep between two calls to 0."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def mended(row):
    """Return what `mend` returns; skip a row whose code is written for TensorFlow."""
    try:
        return situations.of(row).mend()
    except ImportError as error:  # where it is missing, Keras says so in words of its own
        if importlib.util.find_spec("tensorflow") or "tensorflow" not in str(error).lower():
            raise
        pytest.skip("needs TensorFlow")


@pytest.mark.any_backend
@pytest.mark.sampled(5)
@pytest.mark.parametrize("backwards", ORDERS)
@pytest.mark.parametrize("row", MENDED)
def test_fit_and_predict_of_two_sizes_are_what_an_eager_call_says(row, backwards):
    model, feeds = mended(row)
    if not model.compiled:
        model.compile("sgd", "mse")
    feeds = [drawn(feed, model) for feed in (feeds[::-1] if backwards else feeds)]
    for feed in feeds:
        fit(model, feed)
    for feed in feeds:
        forget(model)
        called = [keras.ops.convert_to_numpy(model(x)) for x in inputs(opened(feed))]
        forget(model)
        predicted = model.predict(feed[0] if isinstance(feed, tuple) else opened(feed), verbose=0)
        np.testing.assert_allclose(predicted, np.concatenate(called), atol=1e-5)
        if hasattr(feed, "x"):
            assert len(predicted) == len(feed.x)
