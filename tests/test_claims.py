"""The claims ledger is well formed, and its tests and places exist."""

import ast
import datetime
import functools
import json
import re
import sys

import pages
import pytest

ROOT = pages.ROOT

FIELDS = {"id", "source", "claim", "verdict", "finding", "evidence", "test"}
ERRORS = pages.load("helpers/errors.yml")
CLAIMS = pages.load("book/claims.yml")
each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["id"])


@each_claim
def test_a_claim_is_well_formed(claim):
    assert set(claim) - {"older"} == FIELDS
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", claim["id"])
    assert claim["verdict"] in pages.VERDICTS
    assert set(claim["source"]) == {"title", "date"}
    assert isinstance(claim["source"]["date"], datetime.date)
    assert claim["finding"][0].islower() == (claim["verdict"] == "holds-if")
    for field in ("claim", "finding", *({"older"} & set(claim))):
        assert claim[field].strip().endswith((".", ").", "`"))
        assert claim[field].count("`") % 2 == 0


def test_ids_and_claims_are_unique():
    for field in ("id", "claim"):
        values = [claim[field] for claim in CLAIMS]
        assert sorted(values) == sorted(set(values))


@functools.cache
def functions_of(path):
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@each_claim
def test_the_test_of_a_claim_exists(claim):
    if claim["verdict"] == "not-testable":
        assert claim["test"] is None
        return
    path, name = claim["test"].split("::")
    body = functions_of(path)[name]
    marks = ast.unparse(ast.Module(body.decorator_list, [])) if body.decorator_list else ""
    assert "skip" not in marks
    assert "xfail" not in marks


def test_every_test_of_claims_is_named_by_the_ledger_or_supports_one():
    supporting = {
        "test_a_length_of_zero_raises",
        "test_a_length_too_large_is_harmless_without_batch_normalisation",
    }
    named = {claim["test"] for claim in CLAIMS}
    for path in sorted((ROOT / "tests").glob("test_claims_*.py")):
        names = re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
        unnamed = {name for name in names if f"tests/{path.name}::{name}" not in named}
        assert unnamed <= supporting


@pytest.mark.parametrize(
    "place", sorted({claim["evidence"] for claim in CLAIMS} | {row["chapter"] for row in ERRORS})
)
def test_a_place_in_the_book_exists(place):
    page, anchor = place.split("#")
    assert f"book/{page}" in (ROOT / "_toc.yml").read_text("utf-8")
    assert anchor in pages.anchors(ROOT / "book" / page)


def test_ids_of_both_generated_pages_are_unique_in_the_book():
    ids = [row["id"] for row in (*CLAIMS, *ERRORS)]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_the_pages_are_up_to_date():
    assert pages.stale() == []


@pytest.mark.slow
def test_a_stale_page_is_noticed_and_written_anew(tmp_path, monkeypatch, capsys):
    sources = "helpers/errors.yml", "book/claims.yml", "tests/provoke.py", "benchmarks/results.json"
    for path in (*sources, *pages.pages()):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["pages.py"])
    claims = tmp_path / "book" / "claims.yml"
    claims.write_text(claims.read_text("utf-8").replace("verdict: holds\n", "verdict: outdated\n"))
    (tmp_path / "book" / "_static" / "error-index.js").unlink()
    assert pages.stale() == ["book/claims-ledger.md", "book/_static/error-index.js"]
    assert pages.main() == 0
    assert pages.stale() == []
    monkeypatch.setattr(sys, "argv", ["pages.py", "--check"])
    claims.write_text(claims.read_text("utf-8").replace("verdict: outdated\n", "verdict: holds\n"))
    assert pages.main() == 1
    assert "book/claims-ledger.md is stale" in capsys.readouterr().err


def test_the_script_of_the_title_page_has_every_row_as_plain_text():
    text = (ROOT / "book" / "_static" / "error-index.js").read_text("utf-8")
    entries = json.loads(text[text.index("[") : text.rindex("]") + 1])
    assert [entry["pattern"] for entry in entries] == [row["pattern"] for row in ERRORS]
    for entry, row in zip(entries, ERRORS, strict=True):
        assert "`" not in entry["title"] + entry["fix"]
        assert entry["url"] == f"book/error-index.html#{row['id']}"
        assert entry["chapter_url"].split("#")[1] == row["chapter"].split("#")[1]


def test_anchors_of_a_page(tmp_path):
    (tmp_path / "a.md").write_text(
        "# One\n\n(two-b)=\n## Two `//` b\n\n```python\n# no\n```\n#### deep"
    )
    assert pages.anchors(tmp_path / "a") == {"one", "two-b", "two--b"}
