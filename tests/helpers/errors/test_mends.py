"""The fixes of the error index that are code: they hold for two sizes, most of them in `fit`."""

import ast
import importlib.util
import inspect
import re
from pathlib import Path

import keras
import numpy as np
import own_process
import pytest

from helpers import errors
from helpers.errors import situations


def rows_with(function):
    """Return the rows whose module has a function of that name; it is read and not imported."""
    folder = Path(situations.__file__).parent
    texts = {
        row.id: (folder / f"{row.id.replace('-', '_')}.py").read_text()
        for row in errors.catalogue()
    }
    return [row for row, text in texts.items() if f"\ndef {function}():\n" in text]


MENDED, INSTEAD = rows_with("mend"), rows_with("instead")
# JAX compiles each shape anew, so one order has to do there.
ORDERS = [False] if keras.backend.backend() == "jax" else [False, True]


@pytest.mark.parametrize("row", errors.catalogue(), ids=lambda row: row.id)
def test_a_row_has_code_or_says_why_it_has_none(row):
    assert [row.id in MENDED, row.id in INSTEAD, bool(row.no_mend)].count(True) == 1
    other = re.fullmatch("The code is that of `(.*)`.", row.no_mend)
    assert other is None or other[1] in MENDED + INSTEAD


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
        model.fit(opened(feed), shuffle=not callable(feed), verbose=0)


def forget(model):
    """Set the states that stateful layers keep between two calls to 0."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def run(row, function):
    """Return what a function of a row returns; skip a row whose code needs TensorFlow."""
    try:
        return getattr(situations.of(row), function)()
    except ImportError as error:  # where it is missing, Keras says so in words of its own
        if importlib.util.find_spec("tensorflow") or "tensorflow" not in str(error).lower():
            raise
        pytest.skip("needs TensorFlow")


@pytest.mark.slow
@pytest.mark.any_backend
@pytest.mark.sampled(5)
@pytest.mark.parametrize("backwards", ORDERS)
@pytest.mark.parametrize("row", MENDED)
def test_fit_and_predict_of_two_sizes_are_what_an_eager_call_says(row, backwards):
    model, feeds = run(row, "mend")
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


@pytest.mark.any_backend
@pytest.mark.sampled(5)
@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # of a generator, in `predict`
@pytest.mark.parametrize("row", INSTEAD)
def test_what_is_used_instead_gives_what_is_wanted(row):
    pairs = run(row, "instead")
    assert [str(got) for got, _ in pairs] == [str(wanted) for _, wanted in pairs]


@pytest.mark.slow
@pytest.mark.any_backend
@pytest.mark.parametrize(
    "row", ["batch-that-the-devices-cannot-share", "rows-summed-over-replicas"]
)
def test_what_is_used_instead_gives_the_same_on_two_devices(row):
    pairs = [[str(each) for each in pair] for pair in run(row, "instead")]
    assert own_process.pairs_on_two_devices(row) == str(pairs)


@pytest.mark.parametrize("row", INSTEAD)
def test_what_is_wanted_is_written_out_for_two_sizes(row):
    pytest.importorskip("tensorflow")
    (function,) = ast.parse(inspect.getsource(situations.of(row).instead)).body
    wanted = [pair.elts[1] for pair in function.body[-1].value.elts]
    assert len({str(ast.literal_eval(each)) for each in wanted}) > 1
    assert function.end_lineno <= 20
