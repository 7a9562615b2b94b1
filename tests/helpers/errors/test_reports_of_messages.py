"""A report that the title page fills in holds no path and nothing that looks like a secret."""

import json
import pathlib
import shutil
import subprocess

import pytest
import yaml

from book._ext.catalogues import errors as catalogues
from helpers import errors

HERE = pathlib.Path(__file__).parent
SCRIPT = HERE.parents[2] / "book/_static/find-error.js"
CASES = yaml.safe_load((HERE / "private.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def reports():
    """What the page's script would report of each case, by its name."""
    node = shutil.which("node") or pytest.skip("needs node")
    texts = [case["text"].replace("LONG", "a" * 5_000) for case in CASES]
    data = catalogues.script(errors.catalogue()[:1])
    sent = json.dumps({"script": SCRIPT.read_text("utf-8"), "data": data, "texts": texts})
    done = subprocess.run(
        [node, str(HERE / "page.js")], input=sent, capture_output=True, text=True, check=True
    )
    answers = json.loads(done.stdout)
    return {case["name"]: each for case, each in zip(CASES, answers, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_report_holds_nothing_private(case, reports):
    said = reports[case["name"]]["report"]
    assert [word for word in case["gone"] if word in said] == [], said
    assert [word for word in case["kept"] if word not in said] == [], said
    assert len(said) <= 600


def test_a_long_paste_is_made_a_report_soon(reports):
    assert all(each["seconds"] < 0.5 for each in reports.values())


def test_the_script_knows_the_repository_only_where_it_is_named():
    assert 'RAGGED_REPOSITORY = ""' in catalogues.script([])
    assert 'RAGGED_REPOSITORY = "https://x.org/a"' in catalogues.script([], "https://x.org/a")
