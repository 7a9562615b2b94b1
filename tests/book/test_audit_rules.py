"""The pages of the audit's rules: the code on them runs as it stands, and says what they say."""

import re
import shutil

import keras
import notebooks
import pytest

import helpers
from book._ext import catalogues
from book._ext.catalogues import rules
from helpers.auditing.rule import checks

pytestmark = pytest.mark.any_backend
ROOT = notebooks.ROOT
RULES = rules.catalogue()
NAMES = [rule.said["name"] for rule in RULES]


def blocks(rule):
    """Return the code of a page: to use instead, and what the rule finds."""
    return re.findall(r"^```python\n(.*?)\n```$", rules.page(rule), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_code_on_a_page_runs_as_it_stands_and_is_that_of_the_rule(rule, monkeypatch):
    if keras.backend.backend() not in rule.said["backends"]:
        pytest.skip("the fault is not on this backend")
    check = next(check for check in checks() if check.rule.code == rule.said["code"])
    mended, broken = blocks(rule)
    assert mended != broken
    for code, example in ((mended, check.mended), (broken, check.broken)):
        calls = []
        monkeypatch.setattr(helpers, "audit", lambda *a, calls=calls, **k: calls.append((a, k)))
        exec(compile(code, "page", "exec"), {"__name__": "page", "print": lambda *_: None})
        ((given, others),) = calls
        named = dict(zip(("model", "data"), given, strict=False)) | others
        assert set(named) == set(example())
        assert isinstance(named["model"], keras.Layer)


def test_what_is_read_of_the_files_is_what_the_rules_say():
    said = {rule.said["code"]: rule.said for rule in RULES}
    assert said == {check.rule.code: vars(check.rule) for check in checks()}


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_page_has_the_parts_of_a_rule(rule):
    text = rules.page(rule)
    assert re.findall(r"^#+ .*$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M) == [
        f"# {rule.said['code']} {rule.said['name']}",
        "## What it does",
        "## Why it is bad",
        "## Use instead",
        "## What it finds",
        "## Read more",
    ]


def test_the_table_has_every_rule_with_its_page():
    found = re.findall(
        r'<tr id="(RE\d+)" data-kinds="(RE\d)".*?<a href="([^"]+)">', rules.table(RULES)
    )
    assert found == [
        (rule.said["code"], rule.said["code"][:3], f"audit-rules/{rule.said['name']}.html")
        for rule in RULES
    ]


def test_pages_are_written_and_deleted_with_their_rule(tmp_path):
    (tmp_path / rules.FOLDER).mkdir(parents=True)
    (tmp_path / rules.FOLDER / "gone.md").write_text("a rule that there was", "utf-8")
    rules.write(tmp_path)
    assert {path.stem for path in (tmp_path / rules.FOLDER).iterdir()} == set(NAMES)


def test_the_table_is_made_again_when_a_rule_changes(tmp_path):
    shutil.copytree(ROOT / "helpers/auditing/rules", tmp_path / "helpers/auditing/rules")
    before = catalogues.digests(tmp_path)
    with (tmp_path / "helpers/auditing/rules/mask_lost.py").open("a") as file:
        file.write("# more\n")
    after = catalogues.digests(tmp_path)
    assert {page for page in after if after[page] != before[page]} == {
        "book/audit-rules",
        "book/claims-ledger",
    }
