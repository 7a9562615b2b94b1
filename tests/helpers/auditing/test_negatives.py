"""The audit accuses no right program: models of the zoo of leaks, recipes, routes, chapters."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import contextlib
import io

import keras
import notebooks
import numpy as np
import pytest
from audited_fits import audited_fits
from leak_models import ZOO
from leak_parts import TOLD, padded

from book._ext.catalogues import routes
from helpers.auditing import audit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # programs of the book warn of what they show
]
RECIPES = sorted(path.stem for path in (notebooks.ROOT / "book/data/recipes").glob("*.py"))
ROUTES = [route for route in routes.load()["routes"] if "feed" in route]
RIGHT = [entry for entry in ZOO if not entry.sides]
HALF = "RE501: more than half of the steps are padding"
TRUE = {  # by the file or the cell, and what is so
    "tables_with_a_sequence.py": {
        "RE207": "two rows have no history: cuDNN takes no mask without a real step",
        "RE501": HALF,
    },
    "tail-batches.ipynb:silent-nan-run": {
        "RE105": "the chapter shows the batch without rows",
        "RE202": "its model takes the mean over padding",
    },
    "tail-batches.ipynb:generator-run": {"RE101": "no steps are given", "RE102": "it ends"},
    "variable-batches.ipynb:iae8eb8f": {"RE106": "the chapter shows two batches of one length"},
}


def check(found):
    """Hold what was found against what is known to be so."""
    for each in found:
        known = set(next((TRUE[name] for name in TRUE if each.place.startswith(name)), ()))
        assert each.codes - known == set(), f"{each.place}\n{each.report}"
        assert "the rule itself failed" not in str(each.report), f"{each.place}\n{each.report}"


@pytest.mark.sampled(16)
@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("entry", RIGHT, ids=lambda entry: entry.name)
def test_right_model_of_the_zoo_of_leaks(entry, side):
    model, rows, *options = entry.make()
    options = options[0] if options else {}
    value = options.get("value", 0)
    if TOLD.intersection(options) or isinstance(value, tuple | dict):
        pytest.skip("the audit takes no such option for one batch")
    x = padded(rows, side, value)
    answers = [keras.ops.convert_to_numpy(a) for a in keras.tree.flatten(model(x))]
    if len(answers) == 1 and answers[0].ndim == 2 and answers[0].dtype.kind == "f":
        model.compile("sgd", "mse")
        x = (x, np.random.default_rng(0).normal(size=answers[0].shape).astype("float32"))
    else:
        x = (x,)
    cudnn = "RE207" if side == "pre" else None  # which wants padding behind
    report = audit(model, x if len(x) == 2 else x[0], value=value, side=side, ignore=cudnn)
    assert [str(finding) for finding in report.findings] == []
    assert "the rule itself failed" not in str(report)


def run(*blocks, name):
    """Run code, and return what the audit says of each `fit` in it."""
    keras.utils.set_random_seed(1)
    names = {"__name__": "program"}
    with audited_fits() as found, contextlib.redirect_stdout(io.StringIO()):
        for i, block in enumerate(blocks):
            where = name if len(blocks) == 1 else f"{name}:{i}"
            exec(compile(block, where, "exec"), names)
    assert found
    return found


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", RECIPES)
def test_recipe(name):
    check(run((notebooks.ROOT / f"book/data/recipes/{name}.py").read_text(), name=f"{name}.py"))


@pytest.mark.wide
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route["id"])
def test_route(route, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (varied,) = route["when"]["varies"]
    blocks = [routes.part("setups", varied), routes.code(route)]
    if routes.reads_disk(route):
        blocks.insert(1, routes.part("disks", varied))
    check(run(*blocks, name=route["id"]))


def cells(path):
    """Run a notebook, and return what the audit says of each `fit` in it."""
    names = {"__name__": "__main__"}
    with audited_fits() as found, contextlib.redirect_stdout(io.StringIO()):
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{path.name}:{cell.id}", "exec"), names)
    assert found
    return found


@pytest.mark.wide
@pytest.mark.parametrize("chapter", ["tail-batches", "masking", "variable-batches"])
def test_chapter(chapter):
    check(cells(notebooks.ROOT / f"book/{chapter}.ipynb"))
