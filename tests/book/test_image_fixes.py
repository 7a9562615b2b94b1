"""The fixes of the chapter on images train and predict at two sizes."""

import numpy as np
import pytest
from fix_cells import names_of, printed_by, trained_alike

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
CHAPTER = "images-to-sequences"
RANDOM = np.random.default_rng(0)
WIDTHS = [(12, 31, 20, 9, 36, 27), (28, 28, 5, 40)]  # an edge of the buckets, odd, and wide
of_widths = pytest.mark.parametrize("widths", WIDTHS)


def pictures_of(widths):
    return [RANDOM.random((8, width, 1)).astype("float32") for width in widths]


@pytest.fixture(scope="module")
def short():
    cells = ["in-short-columns", "in-short-pad-run", "in-short-leak-run", "leak-fix"]
    return names_of(CHAPTER, *cells, pictures=pictures_of(WIDTHS[0]))


@pytest.fixture(scope="module")
def reader(short):
    keras.utils.set_random_seed(1)
    model = short["reader"]()
    for weights in model.weights:  # large, biases too: as if trained
        weights.assign(RANDOM.normal(0, 0.4, weights.shape))
    model.compile(keras.optimizers.SGD(0.001), lambda _, answers: keras.ops.mean(answers, -1))
    return model


def alone(reader, pictures):
    """The answer to each picture, without padding."""
    widths = [np.array([each.shape[1]], "int32") for each in pictures]
    pairs = zip(pictures, widths, strict=True)
    return np.concatenate([reader([each[None], width]) for each, width in pairs])


def test_columns_of_two_widths():
    model = names_of(CHAPTER, "in-short-columns")["model"]
    trained_alike(model, [RANDOM.random((4, 8, width, 1)) for width in (12, 31)])


@pytest.mark.parametrize("shape", [(8, 12, 3), (5, 7, 1)])
def test_a_step_is_a_column(shape, short):
    x = RANDOM.random((2, *shape)).astype("float32")
    steps = np.asarray(short["columns"](x))
    assert steps.shape == (2, shape[1], shape[0] * shape[2])
    for column in range(shape[1]):
        assert (steps[:, column] == x[:, :, column].reshape(2, -1)).all()


@of_widths
def test_padding_changes_no_answer(widths, short, reader):
    pictures = pictures_of(widths)
    x, given = short["pad"](pictures)
    assert x.shape == (len(widths), 8, max(widths), 1)
    assert given.tolist() == list(widths)
    reader.fit([x, given], np.zeros(len(widths)), verbose=0)
    right = alone(reader, pictures)
    for more in (0, 7):
        answers = reader.predict(short["pad"](pictures, more), verbose=0)
        np.testing.assert_allclose(answers, right, atol=1e-5)


@of_widths
def test_buckets_of_widths(widths, reader):
    pictures = pictures_of(np.repeat(widths, 40 // len(widths)))
    given = {"pictures": pictures, "y": np.arange(len(pictures))}
    names = names_of(CHAPTER, "feed-fix", **given)
    buckets, edges = names["buckets"], names["cut"][0]
    counts = np.bincount(np.digitize([each.shape[1] for each in pictures], edges))
    steps, before = np.ceil(counts / 32).sum(), int(reader.optimizer.iterations)
    reader.fit(buckets, epochs=2, shuffle=False, verbose=0)
    assert int(reader.optimizer.iterations) - before == 2 * steps
    numbers = np.concatenate([y for _, y in buckets])
    assert sorted(numbers) == list(range(len(pictures)))
    answers = reader.predict(buckets, verbose=0)
    np.testing.assert_allclose(answers, alone(reader, pictures)[numbers], atol=1e-5)


@pytest.mark.parametrize(("width", "rows", "features"), [(30, 4, 2048), (17, 3, 64)])
def test_shapes_that_an_lstm_wants(width, rows, features):
    other = {"(8, 30)": f"(8, {width})", "(4, 2048)": f"({rows}, {features})"}
    columns, steps = printed_by(CHAPTER, "wants-fix", other).splitlines()
    assert columns.endswith(f" (1, {width}, 8)")
    assert steps.endswith(f" ({rows}, 1, {features})")


@pytest.mark.parametrize("toy", [[[1, 2, 3], [4, 5, 6]], [[1, 2, 3, 7, 9], [4, 5, 6, 8, 0]]])
def test_permute_comes_before_reshape(toy):
    given = {"[[1, 2, 3], [4, 5, 6]]": str(toy)}
    printed = printed_by(CHAPTER, "columns-fix", given).splitlines()[1]
    assert printed == f"Permute, Reshape: {np.transpose(toy).astype(float).tolist()}"


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("window", "stride"), [(3, 1), (2, 2), (3, 2), (1, 3)])
def test_the_width_that_a_layer_leaves(window, stride, padding):
    columns_left = names_of(CHAPTER, "carry-fix")["columns_left"]
    layers = keras.layers
    conv, pool = (
        layers.Conv2D(1, window, stride, padding),
        layers.MaxPooling2D(window, stride, padding),
    )
    for width in (8, 11, 44):
        for layer in (conv, pool):
            left = layer(np.ones((1, 8, width, 1), "float32")).shape[2]
            assert columns_left(width, window, stride, padding) == left


def test_clips_of_two_lengths():
    per_frame = names_of(CHAPTER, "clips-fix")["PerFrame"]
    frames = keras.Input((None, 8, 8, 1))
    pooled = keras.Sequential([keras.layers.Conv2D(3, 3), keras.layers.GlobalMaxPooling2D()])
    model = keras.Model(frames, keras.layers.LSTM(2)(per_frame(pooled)(frames)))
    trained_alike(model, [RANDOM.random((4, time, 8, 8, 1)) for time in (6, 9)])
