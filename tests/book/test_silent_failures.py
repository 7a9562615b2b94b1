"""The pages of failures without a message: the code on them runs as it stands."""

import re
import shutil

import notebooks
import numpy as np
import pytest

from book._ext import catalogues
from book._ext.catalogues import messages, silent

ROOT = notebooks.ROOT
SYMPTOMS = silent.catalogue()


def blocks(symptom):
    """Return the code of a page: to use instead, to tell, and what goes wrong."""
    return re.findall(r"^```python\n(.*?)\n```$", silent.page(symptom), re.DOTALL | re.MULTILINE)


def told(*code):
    """Run blocks of a page one after the other; return what the last one says."""
    said = []
    names = {"__name__": "page", "print": said.append}
    for each in code:
        exec(compile(each, "page", "exec"), names)
    return said[-1]


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.id)
def test_a_page_says_first_what_to_use_instead(symptom):
    text = silent.page(symptom)
    assert re.findall(r"^#+ .*$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M) == [
        f"# {symptom.title}",
        "## Use instead",
        "## How to tell",
        "## What goes wrong",
    ]
    use, tell, wrong = blocks(symptom)
    assert use != wrong
    assert "def detect(" in tell
    page, anchor = symptom.chapter.split("#")
    assert messages.chapter_of(symptom.chapter) in messages.CHAPTERS
    assert f"[](../{page}.ipynb#{anchor})" in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Your input ran out of data", "ignore:.*will be ignored since")
@pytest.mark.sampled(10)
@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.id)
def test_the_code_on_a_page_runs_as_it_stands(symptom):
    pytest.importorskip("tensorflow")
    use, tell, wrong = blocks(symptom)
    np.testing.assert_allclose(*told(use, tell), rtol=1e-2)
    got, wanted = told(wrong, tell)
    assert np.shape(got) != np.shape(wanted) or not np.allclose(got, wanted, rtol=1e-2)


def test_the_table_has_every_failure_with_its_page():
    found = re.findall(
        r'<tr id="([^"]+)" data-kinds="([^"]+)".*?<a href="([^"]+)">', silent.table(SYMPTOMS)
    )
    assert sorted(found) == [
        (each.id, messages.chapter_of(each.chapter), f"symptoms/{each.id}.html")
        for each in SYMPTOMS
    ]
    assert "<td></td>" not in silent.table(SYMPTOMS)


def test_a_row_says_what_comes_out_or_that_it_varies():
    assert {symptom.got is None for symptom in SYMPTOMS} == {True, False}
    for symptom in SYMPTOMS:
        got = "varies" if symptom.got is None else f"<code>{symptom.got}</code>"
        cell = f"<td>{got}, should be <code>{symptom.wanted}</code></td>"
        assert cell in silent.table_row(symptom), symptom.id


def test_pages_are_written_and_deleted_with_their_symptom(tmp_path):
    (tmp_path / silent.FOLDER).mkdir(parents=True)
    (tmp_path / silent.FOLDER / "gone.md").write_text("a symptom that there was", "utf-8")
    silent.write(tmp_path)
    written = {path.stem for path in (tmp_path / silent.FOLDER).iterdir()}
    assert written == {symptom.id for symptom in SYMPTOMS}


def test_the_table_is_made_again_when_a_symptom_changes(tmp_path):
    shutil.copytree(ROOT / "helpers/errors/silent", tmp_path / "helpers/errors/silent")
    before = catalogues.digests(tmp_path)
    with (tmp_path / "helpers/errors/silent/padding-rounds-numbers.yml").open("a") as file:
        file.write("# more\n")
    after = catalogues.digests(tmp_path)
    assert {page for page in after if after[page] != before[page]} == {"book/silent-failures"}
