"""The recipes: each runs as it stands, and what its page says of it is so."""

import re

import notebooks
import numpy as np
import pytest

FOLDER = notebooks.ROOT / "book" / "data" / "recipes"
PAGE = (notebooks.ROOT / "book" / "recipes.md").read_text("utf-8")
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


def test_the_page_shows_each_recipe_once_with_what_it_costs_and_a_chapter():
    assert sorted(re.findall(r"literalinclude\} data/recipes/(\w+)\.py", PAGE)) == NAMES
    parts = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [part.split("\n")[0].lower().replace(" ", "_") for part in parts] == re.findall(
        r"data/recipes/(\w+)\.py", PAGE
    )
    for part in parts:
        assert "**The trap:**" in part or "**It costs:**" in part
        assert re.search(r"\*\*Read:\*\* .*\.ipynb#", part, re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_short(name):
    lines = (FOLDER / f"{name}.py").read_text("utf-8").splitlines()
    assert 15 <= len([line for line in lines if line.strip()]) <= 32
    assert max(map(len, lines)) <= 75


@pytest.fixture
def ran(request):
    """The names of the recipe that the test is called after, once it has run."""
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(1)
    name = request.function.__name__.removeprefix("test_")
    names = {"__name__": "recipe"}
    text = (FOLDER / f"{name}.py").read_text("utf-8")
    exec(compile(text, f"{name}.py", "exec"), names)
    return names


def alike(answers, wanted, atol=1e-4):
    """Both are the same, and not the same for each row, which would prove nothing."""
    answers, wanted = np.asarray(answers), np.asarray(wanted)
    assert np.ptp(wanted.reshape(len(wanted), -1), axis=0).max() > 20 * atol
    np.testing.assert_allclose(answers, wanted, atol=atol)


@pytest.mark.slow
@pytest.mark.any_backend
def test_text(ran):
    model, ids = ran["model"], ran["ids"]
    assert ids(["a good plot", "dull"]).tolist() == [
        [ran["number"]["a"], ran["number"]["good"], 1],
        [ran["number"]["dull"], 0, 0],
    ]
    assert ran["answers"][0] > 0.7
    texts = ran["texts"]
    learned = model.predict(ids(texts), verbose=0)[:, 0]
    assert ((learned > 0.5) == ran["y"]).all()
    more = np.pad(ids(texts), [(0, 0), (0, 9)])
    alike(model.predict(more, verbose=0)[:, 0], learned)


@pytest.mark.slow
@pytest.mark.any_backend
def test_time_series(ran):
    model, series = ran["model"], ran["series"]
    wanted = [model.predict_on_batch(each[None, :, None])[0, -1, 0] for each in series[:4]]
    alike(ran["forecasts"][:4], wanted)
    steps = model.predict(ran["x"], verbose=0)
    error = ((steps - ran["y"])[..., 0] ** 2)[ran["real"]].mean()  # of real steps
    given = {"sample_weight": ran["weight"], "batch_size": 32, "verbose": 0}
    np.testing.assert_allclose(model.evaluate(ran["x"], ran["y"], **given), error, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.any_backend
def test_audio_frames(ran):
    model, x, rows = ran["model"], ran["x"], ran["rows"]
    assert len(ran["answers"]) == len(rows) == 270
    odd = [i for i, row in enumerate(rows) if len(row) % 2]
    some = [0, *odd[:3]]
    alone = [model.predict_on_batch(rows[i][None])[0] for i in some]
    alike(ran["answers"][some], alone)
    alike(model.predict(np.pad(x, [(0, 0), (0, 11), (0, 0)]), verbose=0), ran["answers"])


@pytest.mark.slow
@pytest.mark.any_backend
def test_video(ran):
    model, clips = ran["model"], ran["clips"]
    alone = np.concatenate([model.predict_on_batch(ran["batch"]([each])) for each in clips[:4]])
    alike(ran["answers"][:4], alone)
    _, real = ran["batch"](clips)
    assert real[0].sum() == 5, "the black frame counts"


@pytest.mark.slow
@pytest.mark.any_backend
def test_pictures_for_recognition(ran):
    model, x, real, y = (ran[name] for name in ("model", "x", "real", "y"))
    widths, count = ran["widths"], 4
    scores = model.predict([x, real], verbose=0)
    for i in range(count):
        alone = model.predict_on_batch([x[i : i + 1, :, : widths[i]], real[i : i + 1, : widths[i]]])
        np.testing.assert_allclose(scores[i, : widths[i]], alone[0], atol=1e-4)
    assert (scores.argmax(-1)[real == 0] == 0).all()
    wider = [np.pad(x, [(0, 0), (0, 0), (0, 20), (0, 0)]), np.pad(real, [(0, 0), (0, 20)])]
    loss = model.evaluate([x, real], y, verbose=0)
    np.testing.assert_allclose(model.evaluate(wider, y, verbose=0), loss, rtol=1e-4)
    # the reading of some paths that are known
    best = np.array([[0, 4, 4, 0, 4, 1], [3, 3, 3, 0, 0, 0]])
    lines = (FOLDER / "pictures_for_recognition.py").read_text("utf-8").splitlines()
    names = {"np": np, "best": best}
    exec("\n".join(lines[-2:]), names)
    assert [digits.tolist() for digits in names["read"]] == [[3, 3, 0], [2]]


@pytest.mark.slow
@pytest.mark.any_backend
def test_boxes(ran):
    model, padded, classes = ran["model"], ran["padded"], ran["classes"]
    real = classes >= 0
    assert real.sum() == sum(map(len, ran["boxes"]))
    moved, found = (np.asarray(_numpy(ran[name])) for name in ("moved", "found"))
    turned = [not np.allclose(a, b) for a, b in zip(moved, ran["images"], strict=True)]
    assert 0 < sum(turned) < len(turned)
    for i, flipped in enumerate(turned):
        left, top, right, bottom = padded[i][real[i]].T
        wanted = [32 - right, top, 32 - left, bottom] if flipped else [left, top, right, bottom]
        np.testing.assert_allclose(found[i][real[i]].T, wanted, atol=1e-4)
    answers = ran["answers"]
    alone = model.predict_on_batch([ran["images"][3:4], padded[3:4][real[3:4]][None, :2]])
    np.testing.assert_allclose(answers[3, :2], alone[0], atol=1e-4)
    given = {"sample_weight": ran["weight"], "verbose": 0}
    y, more = ran["y"], np.where(real, ran["y"], 2)  # other classes where there is no box
    loss = model.evaluate([ran["images"], padded], y, **given)
    assert model.evaluate([ran["images"], padded], more, **given) == pytest.approx(loss)


def _numpy(tensor):
    import keras

    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.slow
@pytest.mark.any_backend
def test_sets_and_graphs(ran):
    model, batch, nodes, edges = (ran[name] for name in ("model", "batch", "nodes", "edges"))
    pairs = list(zip(nodes, edges, strict=True))[:4]
    alone = [model.predict_on_batch(batch([n], [e]))[0] for n, e in pairs]
    alike(ran["answers"][:4], alone)
    orders = [np.random.default_rng(i).permutation(len(n)) for i, (n, _) in enumerate(pairs)]
    other = batch(
        [n[o] for (n, _), o in zip(pairs, orders, strict=True)],
        [e[o][:, o] for (_, e), o in zip(pairs, orders, strict=True)],
    )
    alike(model.predict(other, verbose=0), ran["answers"][:4])


@pytest.mark.slow
@pytest.mark.any_backend
def test_tables_with_a_sequence(ran):
    model, batch, table, orders = (ran[name] for name in ("model", "batch", "table", "orders"))
    alone = [
        model.predict_on_batch(batch(table[i : i + 1], orders[i : i + 1]))[0] for i in range(4)
    ]
    assert len(orders[0]) == 0
    assert np.isfinite(ran["answers"]).all()
    alike(ran["answers"][:4], alone)
