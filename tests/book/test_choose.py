"""The decision guide: every answer leads to one route, and the code of each does what it says."""

import notebooks
import numpy as np
import pytest
import yaml

from book._ext.catalogues import routes

ROUTES = routes.load()["routes"]
WORKING = [route for route in ROUTES if "feed" in route]
BACKENDS = {"tensorflow": {"tensorflow", "xla"}, "jax": {"jax"}, "torch": {"torch"}}


# The questions


def test_every_combination_of_answers_leads_to_exactly_one_route():
    led = {}
    for answers in routes.combinations():
        found = [route["id"] for route in routes.leading_to(answers)]
        assert len(found) == 1, (answers, found)
        led.setdefault(found[0], []).append(answers)
    assert set(led) == {route["id"] for route in ROUTES}


def test_a_route_names_only_questions_and_answers_that_there_are():
    known = {question["id"]: question["answers"] for question in routes.load()["questions"]}
    for route in ROUTES:
        for question, answers in route["when"].items():
            assert set(answers) < set(known[question]), route["id"]


def test_some_answers_may_be_enough():
    decided = [{"varies": "items", "model": "recurrent"}, {"varies": "rows", "memory": "yes"}]
    assert [len(routes.leading_to(answers)) for answers in decided] == [1, 2]
    assert len(routes.leading_to({})) == len(ROUTES)


def test_a_combination_that_cannot_work_says_so_and_why():
    refused = [route for route in ROUTES if "feed" not in route]
    assert [route["id"] for route in refused] == ["items-in-no-order"]
    for route in refused:
        assert route["says"].startswith("**This does not work.** ")
        assert "so the answer would change" in route["says"]


def test_all_parts_are_used_and_a_route_is_short():
    for kind, used in {
        "models": {route["model"] for route in WORKING},
        "feeds": {route["feed"] for route in WORKING},
        "setups": {varied["id"] for varied in routes.load()["varies"]},
        "disks": {varied["id"] for varied in routes.load()["varies"]},
    }.items():
        assert used == {path.stem for path in (routes.PARTS / kind).iterdir()}
    for route in WORKING:
        lines = [line for line in routes.code(route).splitlines() if line.strip()]
        own = [line for line in lines if not line.startswith(("import ", "from "))]
        assert len(own) <= 25, route["id"]
        assert max(map(len, lines)) <= 75, route["id"]
        assert "helpers" not in " ".join(lines)


def test_a_route_says_what_it_costs_and_which_section_explains_it():
    toc = yaml.safe_load((notebooks.ROOT / "_toc.yml").read_text("utf-8"))
    chapters = {c["file"].removeprefix("book/") for part in toc["parts"] for c in part["chapters"]}
    for route in ROUTES:
        assert route["says"]
        assert route.get("costs") or "feed" not in route
        for address in route["reads"]:
            page, anchor = address.split(".ipynb#")  # the build looks for the anchor
            assert anchor
            assert page in chapters, (route["id"], address)


def test_the_page_has_each_route_and_the_questions():
    page = routes.sections()
    for route in ROUTES:
        assert f"({route['id']})=\n### {route['title']}\n" in page
        assert routes.code(route) in page
    shown = routes.form()
    for question in routes.load()["questions"]:
        assert f"<legend>{question['asks']}</legend>" in shown
        for answer in question["answers"]:
            assert f'name="{question["id"]}" value="{answer}"' in shown


# The code


@pytest.mark.slow
@pytest.mark.any_backend
def test_masked_average_pooling_after_an_activation_fails_on_torch_with_keras_3_13():
    keras = pytest.importorskip("keras")
    frames = keras.Input((None, 4))
    h = keras.layers.Dense(3, "relu")(keras.layers.Masking()(frames))
    model = keras.Model(frames, keras.layers.GlobalAveragePooling1D()(h))
    model.compile("sgd", "mse")
    given = np.ones((2, 5, 4), "float32"), np.ones((2, 3), "float32")
    if keras.backend.backend() == "torch" and keras.__version__.startswith("3.13"):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            model.fit(*given, verbose=0)
    else:
        model.fit(*given, verbose=0)


def ran(route, folder, monkeypatch, **options):
    """Run the code of a route below its set-up; return its names."""
    import keras

    if options:
        own = keras.Model.compile
        monkeypatch.setattr(
            keras.Model, "compile", lambda self, *args, **more: own(self, *args, **more, **options)
        )
    monkeypatch.chdir(folder)
    keras.utils.set_random_seed(1)
    (varied,) = route["when"]["varies"]
    blocks = [routes.part("setups", varied), routes.code(route)]
    if routes.reads_disk(route):
        blocks.insert(1, routes.part("disks", varied))
    names = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, route["id"], "exec"), names)
    return names


SOME = [0, 2, -1]  # rows of several sizes, the last batch among them


def alone(names, route):
    """What the model says of some rows by themselves, padded only as far as the model needs."""
    import keras

    model, kept = names["model"], names.get("images", names.get("rows", names.get("x")))
    if route["when"]["varies"] == ["rows"]:
        kept = names["x"]
    answers = []
    for i in SOME:
        row = np.asarray(kept[i % len(kept)])
        if route["feed"] == "fit-tensorflow":
            row = names["fit"](row, 0)[0].numpy()
        elif "fit-" in route["feed"]:
            fit = keras.layers.Resizing(48, 64, pad_to_aspect_ratio=True)
            row = keras.ops.convert_to_numpy(fit(row))
        elif "pad-" in route["feed"]:
            row = np.concatenate([row, np.ones_like(row)], axis=-1)
            to = {"image-recurrent": (48, 0), "image-attention": (48, 64), "image-pooling": (0, 0)}
            more = np.maximum(0, np.subtract(to[route["model"]], row.shape[:2]))
            row = np.pad(row, [(0, more[0]), (0, more[1]), (0, 0)])
        answers.append(keras.ops.convert_to_numpy(model(row[None]))[0])
    return np.array(answers)


def check(names, route):
    """Every row is answered in its place, whatever it shared a batch with."""
    (varied,) = route["when"]["varies"]
    answers = np.asarray(names["answers"])
    number = len(names["y"])
    assert answers.shape == (number, 3)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-4)
    wanted = alone(names, route)
    assert np.abs(wanted - wanted[0]).max() > 1e-3, "one answer for all would prove nothing"
    np.testing.assert_allclose(answers[SOME], wanted, atol=2e-4)
    twice_as_large(names["model"], varied, route)


def twice_as_large(model, varied, route):
    """The model of the route trains and predicts on another size, too."""
    fixed = route["model"] in ("image-convolution", "image-attention")
    shape = {
        "rows": (7, 20, 4),
        "length": (5, 57, 4),
        "items": (5, 57, 4),
        "size": (5, 48, 64, model.input_shape[-1]) if fixed else (5, 48, 90, 2),
    }[varied]
    x = np.ones(shape, "float32")
    model.fit(x, np.zeros(len(x)), verbose=0)
    assert model.predict(x, verbose=0).shape == (len(x), 3)


def backends(route):
    return set(route["when"].get("backend", ["tensorflow", "xla", "jax", "torch"]))


@pytest.mark.slow
@pytest.mark.any_backend
@pytest.mark.parametrize("route", WORKING, ids=lambda route: route["id"])
@pytest.mark.filterwarnings("error:Your input ran out of data")
def test_the_code_answers_each_row_as_if_it_came_alone(route, tmp_path, monkeypatch):
    keras = pytest.importorskip("keras")
    here = BACKENDS[keras.backend.backend()]
    if not here & backends(route):
        pytest.skip("the route is for another backend")
    check(ran(route, tmp_path, monkeypatch), route)


@pytest.mark.slow
@pytest.mark.wide
@pytest.mark.parametrize(
    "route", [r for r in WORKING if "xla" in backends(r)], ids=lambda route: route["id"]
)
def test_the_code_compiles_with_xla(route, tmp_path, monkeypatch):
    pytest.importorskip("tensorflow")
    names = ran(route, tmp_path, monkeypatch, jit_compile=True)
    assert names["model"].jit_compile
    check(names, route)
