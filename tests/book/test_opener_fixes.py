"""The fixes of the opener train and predict at two sizes, and padding changes no answer."""

import numpy as np
import pytest
from fix_cells import names_of, trained_alike

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
OPENER = "shape-rule"
RANDOM = np.random.default_rng(0)
SIZES = [(9, 14, 26, 7, 16), (5, 20, 5)]  # steps of each row


@pytest.fixture(params=SIZES, ids=str)
def rows(request):
    return [RANDOM.normal(size=(steps, 12)).astype("float32") for steps in request.param]


@pytest.fixture
def given(rows):
    model = names_of(OPENER, "layers-fix")["reader"]()
    return {"model": model, "rows": rows, "y": np.arange(len(rows))}


def ones(*shape):
    return np.ones(shape, "float32")


def alone(model, rows):
    """What the model says of each row by itself."""
    return np.concatenate([model(row[None]) for row in rows])


def test_the_model_takes_batches_and_lengths_of_any_size():
    model = names_of(OPENER, "layers-fix")["reader"]()
    trained_alike(model, [ones(4, 5, 12), ones(3, 8, 12), ones(4, 5, 12)])


def test_an_input_and_a_signature_with_none():
    names = names_of(OPENER, "others-fix")
    answer = keras.layers.Dense(1)(keras.layers.LSTM(4)(names["entry"]))
    model = keras.Model(names["entry"], answer)
    batches = [ones(4, 5, 12), ones(4, 5, 12), ones(3, 8, 12)]
    trained_alike(model, batches)
    signed = tf.function(lambda x: model(x), input_signature=[names["open_time"]])
    for batch in batches:
        np.testing.assert_allclose(signed(batch), model(batch), atol=1e-5)


def test_resized_rows(given, rows):
    names = names_of(OPENER, "resize-fix", **given)
    assert names["x"].shape == (len(rows), 16, 12)
    ends = [row[[0, -1]] for row in rows]
    np.testing.assert_allclose(names["x"][:, [0, -1]], ends, rtol=1e-6)
    line = np.arange(9.0)[:, None] * [1, 2]
    np.testing.assert_allclose(names["resized"](line, 17)[1], [0.5, 1])


def test_padded_rows_get_the_answer_of_the_row_alone(given, rows):
    names = names_of(OPENER, "pad-fix", **given)
    assert names["padded"].shape == (len(rows), max(map(len, rows)), 12)
    np.testing.assert_allclose(names["answers"], alone(given["model"], rows), atol=1e-5)


def test_rows_one_at_a_time(given, rows):
    names = names_of(OPENER, "single-fix", **given)
    assert given["model"].optimizer.iterations == len(rows)
    np.testing.assert_allclose(names["answers"], alone(given["model"], rows), atol=1e-5)


def test_buckets_show_every_row_once_at_one_of_the_lengths(given, rows):
    names = names_of(OPENER, "single-fix", "bucket-fix", **given)
    batches = [(x.shape[1], *y.numpy()) for x, y in names["buckets"]]
    assert {steps for steps, *_ in batches} <= {13, 15, 18, 26}
    assert sorted(row for _, *some in batches for row in some) == list(range(len(rows)))
    assert given["model"].optimizer.iterations == len(rows) + names["number"]
    np.testing.assert_allclose(names["answers"], alone(given["model"], rows), atol=1e-5)


def test_a_row_longer_than_the_last_bucket_raises(given):
    given["rows"][0] = ones(27, 12)
    with pytest.raises(tf.errors.OpError, match=r"elements must have length < max"):
        names_of(OPENER, "single-fix", "bucket-fix", **given)
