"""The pages of errors, claims, masks and benchmarks show their data, all of it."""

import builtins
import json
import re
import shutil
import symtable

import notebooks
import pytest

from book._ext import catalogues
from book._ext.catalogues import claims, errors, masks

ROOT = notebooks.ROOT
ROWS = errors.catalogue()


def prose(page):
    return (ROOT / "book" / f"{page}.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "parts"),
    {
        "error-index": {"{error-index}", "{error-index-shared}"},
        "claims-ledger": {"{claims}"},
        "mask-table": {"{mask-table}"},
    }.items(),
)
def test_a_page_is_prose_with_its_directives(page, parts):
    text = prose(page)
    assert set(re.findall(r"^```(\{[\w-]+\})$", text, re.MULTILINE)) == parts
    assert len(text.splitlines()) < 40


@pytest.mark.parametrize(
    ("page", "role", "kind"),
    [("claims-ledger", "claim-verdict", claims), ("mask-table", "mask-verdict", masks)],
)
def test_a_page_says_what_each_verdict_means(page, role, kind):
    explained = re.findall(rf"^- \{{{role}\}}`([\w-]+)`: .+\.$", prose(page), re.MULTILINE)
    assert explained == list(kind.VERDICTS)
    assert set(kind.counts()) <= set(explained)


def test_a_page_is_read_again_when_its_data_change(tmp_path):
    for path in ("helpers/errors", "benchmarks", "tools/masks"):
        shutil.copytree(ROOT / path, tmp_path / path)
    (tmp_path / "book").mkdir()
    for path in ("book/claims.yml", "book/mask-table.yml"):
        shutil.copy(ROOT / path, tmp_path / path)
    before = catalogues.digests(tmp_path)
    changes = {
        "helpers/errors/rows/another-row.yml": "error-index",
        "helpers/errors/situations/empty_crop.py": "error-index",
        "book/claims.yml": "claims-ledger",
        "book/mask-table.yml": "mask-table",
        "benchmarks/results.json": "benchmarks",
    }
    for path, page in changes.items():
        with (tmp_path / path).open("a") as file:
            file.write("\n# more\n")
        after = catalogues.digests(tmp_path)
        assert {name for name in after if after[name] != before[name]} == {f"book/{page}"}, path
        before = after


def test_an_entry_shows_the_wordings_the_cause_and_the_function():
    row = next(row for row in ROWS if row.id == "stateful-rnn-smaller-batch")
    text = errors.entry(row)
    assert text.startswith(f"({row.id})=\n## {row.title}\n\nKeras 3.15:\n\n```text\n")
    assert "- **Read:** [](tail-batches.ipynb#when-a-smaller-batch-raises)\n" in text
    assert "\n```python\ndef stateful_rnn_with_a_smaller_last_batch():\n    inputs = " in text
    assert "import" not in text


def test_a_wording_that_both_versions_share_is_shown_once():
    assert (
        errors.wordings({"main": "a", "colab": "a"})
        == "Keras 3.15 and Keras 3.13:\n\n```text\na\n```"
    )
    assert errors.wordings({"main": "a", "colab": "b"}).count("```text") == 2


def test_the_functions_run_with_what_the_page_says_they_share():
    source = "\n\n\n".join([errors.shared(), *map(errors.provoking_source, ROWS)])
    source = re.sub(r"^```.*$", "", source, flags=re.MULTILINE)
    assert source.count("\ndef ") == len(ROWS) + 1  # and small_model
    assert source.split("\n\n\n")[0].splitlines()[1:] == [
        "import sys",
        "import tempfile",
        "from unittest import mock",
        "import keras",
        "import numpy as np",
        "import tensorflow as tf",
    ]
    module = symtable.symtable(source, "page", "exec")
    used = global_names(module)
    assert used - set(module.get_identifiers()) <= set(dir(builtins))
    shared = {"sys", "tempfile", "mock", "keras", "np", "tf", "Rows", "small_model"}
    assert shared <= used


def global_names(table):
    """The names that the functions of a module, at any depth, take from it."""
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return found.union(*map(global_names, table.get_children()))


def test_the_script_of_the_title_page_has_every_row_as_plain_text():
    text = errors.script(ROWS)
    entries = json.loads(text[text.index("[") : text.index("\n];") + 2])
    assert [entry["pattern"] for entry in entries] == [errors.javascript(r.pattern) for r in ROWS]
    for entry, row in zip(entries, ROWS, strict=True):
        assert "`" not in entry["title"] + entry["fix"]
        assert entry["url"] == f"book/error-index.html#{row.id}"
        assert entry["chapter_url"].split("#")[1] == row.chapter.split("#")[1]


def test_the_ledger_has_every_claim_under_its_article():
    text = claims.sections(claims.load())
    titles = {claim["source"]["title"] for claim in claims.load()}
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == len(titles)
    for claim in claims.load():
        assert f"({claim['id']})=\n**{claim['claim'].strip()}**\n\n- [" in text
    entry = claims.entry(
        claims.load()[0] | {"verdict": "holds-if", "older": "Another.", "test": None}
    )
    assert "\n- [holds if]{.verdict .holds-if} " in entry
    assert "\n- Keras 2.15: Another.\n" in entry
    assert "Test:" not in entry


def test_the_mask_table_has_every_row_and_an_option_for_each_verdict():
    data = masks.load()
    html = masks.table(data)
    assert html.count("<tr id=") == len(data["rows"])
    assert re.findall(r'<option value="([\w-]+)">', html) == list(masks.VERDICTS)
    measured = masks.measured()
    assert measured["date"] == max(str(one["date"]) for one in data["environments"].values())
    for one in data["environments"].values():
        assert f"{masks.BACKENDS[one['backend']]} {one['version']}" in measured["on"]
