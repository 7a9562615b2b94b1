"""What the cheat sheet says runs: its layers and its ten fixes, whose code is that of the data."""

import math

import notebooks
import numpy as np
import pytest
from fix_cells import names_of, trained_alike

from book._ext.catalogues import cheat_sheet, commonest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
layers = keras.layers
TEN = {each["id"]: each for each in commonest.load()}
RANDOM = np.random.default_rng(0)


def ran(situation, **given):
    """What the code of a situation defines, after the imports that the sheet names."""
    names = {"keras": keras, "layers": layers, "math": math, "np": np, **given}
    exec(TEN[situation]["code"], names)
    return names


def random(*shape):
    return RANDOM.normal(size=shape).astype("float32")


@pytest.mark.slow
def test_the_layers_are_those_of_the_opener_and_leave_free_what_the_sheet_says():
    assert names_of("shape-rule", "set-up", "layers-table")["table"] == cheat_sheet.layers()


def test_the_sheet_names_the_imports():
    text = (notebooks.ROOT / "book/cheat-sheet.md").read_text("utf-8")
    for line in ("keras", "math", "numpy as np"):
        assert f"`import {line}`" in text
    assert "`from keras import layers`" in text


@pytest.mark.parametrize("situation", TEN)
def test_code_is_short(situation):
    lines = TEN[situation]["code"].splitlines()
    assert 1 <= len(lines) <= 6
    assert max(map(len, lines)) <= 52
    assert "helpers" not in TEN[situation]["code"]


@pytest.mark.slow
def test_rows_of_several_lengths():
    rows = [random(steps, 3) for steps in (5, 7, 4)]
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(rows), output_signature=tf.TensorSpec((None, 3))
    )
    names = ran("rows-in-an-object-array", rows=rows, dataset=dataset)
    model = keras.Sequential([names["first"], layers.LSTM(2)])
    for x in (names["x"], next(iter(names["batches"]))):
        assert x.shape == (3, 7, 3)
        alone = [model(row[None])[0] for row in rows]
        np.testing.assert_allclose(model.predict(x, verbose=0), alone, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "wanted"), [((28, 3, 1), (28, 28, 1)), ((40, 30, 3), (40, 30, 3))]
)
def test_a_small_image(size, wanted):
    image = random(*size)
    padded = ran("image-smaller-than-the-window", image=image)["image"]
    assert padded.shape == wanted
    np.testing.assert_array_equal(padded[: size[0], : size[1]], image)
    assert padded.sum() == pytest.approx(image.sum(), rel=1e-4)


@pytest.mark.slow
def test_a_length_that_varies_before_dense():
    names = ran("flatten-of-another-length")
    model = keras.Sequential([names["entry"], names["pool"], layers.Dense(2)])
    trained_alike(model, [random(4, 5, 12), random(3, 8, 12)])


@pytest.mark.slow
def test_one_image():
    model = keras.Sequential([keras.Input((None, None, 3)), layers.GlobalMaxPooling2D()])
    for image in (random(28, 40, 3), random(9, 8, 3)):
        answer = ran("one-image-without-a-batch-axis", model=model, image=image)["answer"]
        np.testing.assert_allclose(answer, image.max((0, 1)))


@pytest.mark.slow
def test_maps_of_two_sizes():
    images = coarse = keras.Input((None, None, 1))
    for _ in range(3):
        coarse = layers.MaxPooling2D(2)(coarse)
    model = keras.Model(images, layers.Concatenate()([images, layers.UpSampling2D(8)(coarse)]))
    for size in ((9, 11, 1), (16, 8, 1)):
        image = random(*size)
        answer = ran("maps-of-two-sizes-joined", model=model, image=image)["answer"]
        np.testing.assert_array_equal(answer[..., :1], image)


def test_rows_of_x_and_y_in_the_last_batch():
    code = TEN["class-labels-and-predictions-differ-in-rows"]
    x, y = random(9, 4), np.arange(9)
    batches = [ran(code["id"], x=x, y=y, i=i, size=4)["batch"] for i in range(3)]
    assert [(len(a), len(b)) for a, b in batches] == [(4, 4), (4, 4), (1, 1)]
    loss = keras.losses.get(code["do"].split("`")[-2])
    assert loss(np.eye(3), np.full((3, 3), 1 / 3)).shape == (3,)


@pytest.mark.parametrize(("steps", "n"), [(105, 10), (41, 7)])
def test_windows_and_their_targets(steps, n):
    names = ran("x-and-y-differ-in-rows", series=np.arange(steps), n=n)
    x, y = names["x"], names["y"]
    assert x.shape == (len(y), n, 1)
    np.testing.assert_array_equal(y, x[:, -1, 0] + 1)


@pytest.mark.parametrize("rows", [96, 105])
def test_every_row_is_counted(rows):
    length = ran("fewer-answers-than-rows")["__len__"]
    given = type("Batches", (), {"x": np.zeros(rows), "size": 32})()
    assert 32 * (length(given) - 1) < rows <= 32 * length(given)


@pytest.mark.slow
def test_the_embedding_masks():
    model = keras.Sequential([ran("masking-after-embedding")["first"], layers.LSTM(2)])
    row = np.array([[3, 1, 2]])
    longer = np.pad(row, [(0, 0), (0, 4)])
    np.testing.assert_allclose(model(longer), model(row), atol=1e-6)


def test_pixels_stay_in_their_range():
    layer = ran("augmentation-makes-images-black-and-white")["layer"]
    images = RANDOM.random((64, 8, 8, 3)).astype("float32")
    drawn = np.asarray(layer(images, training=True))
    assert np.abs(drawn - images).max() <= 0.2 + 1e-6
    assert np.abs(drawn - images).mean() > 0.01


def test_what_becomes_of_a_mask_is_looked_up():
    lines = cheat_sheet.mask_rules().splitlines()
    assert len(lines) == len(cheat_sheet.MASKS)
    assert sum(line.count("`") for line in lines) == 2 * len(cheat_sheet.SHOWN)
    assert "- **Born:** `Embedding(mask_zero=True)`, `Masking`" in lines


def test_the_plans_are_those_that_are_recommended():
    table = cheat_sheet.plan_table()
    assert table.count("<tr>") == 1 + len(cheat_sheet.MODELS)
    assert cheat_sheet.plan([3] * 64 + [50] * 32, "linear") in ("2 buckets, 1.00 (2.68)",)
