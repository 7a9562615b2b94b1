"""The claims ledger is well formed, and its tests and places exist."""

import ast
import datetime
import functools
import json
import pathlib
import re

import notebooks
import pytest

from book._ext.catalogues import claims
from helpers import errors
from helpers.errors import silent

ROOT = notebooks.ROOT

FIELDS = {"id", "source", "claim", "verdict", "finding", "evidence", "test"}
ERRORS = errors.catalogue()
CLAIMS = claims.load()
each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["id"])


def anchors(page: pathlib.Path) -> set[str]:
    """Return the anchors of a notebook or a Markdown page: its headings and explicit targets.

    Args:
        page: path without its ending, such as ``book/tail-batches``.
    """
    if page.with_suffix(".ipynb").exists():
        cells = json.loads(page.with_suffix(".ipynb").read_text("utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    else:
        texts = [page.with_suffix(".md").read_text("utf-8")]
    prose = re.sub(r"^(`{3,}).*?^\1", "", "\n\n".join(texts), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#{1,3} +(.+?) *$", prose, re.MULTILINE)
    return set(map(notebooks.slug, headings)) | set(
        re.findall(r"^\(([\w-]+)\)=$", prose, re.MULTILINE)
    )


@each_claim
def test_a_claim_is_well_formed(claim):
    assert set(claim) - {"older"} == FIELDS
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", claim["id"])
    assert claim["verdict"] in claims.VERDICTS
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
    for path in sorted((ROOT / "tests" / "claims").glob("test_*.py")):
        names = re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
        unnamed = {name for name in names if f"tests/claims/{path.name}::{name}" not in named}
        assert unnamed <= supporting


@pytest.mark.parametrize(
    "place",
    sorted(
        {claim["evidence"] for claim in CLAIMS}
        | {row.chapter for row in (*ERRORS, *silent.catalogue())}
    ),
)
def test_a_place_in_the_book_exists(place):
    page, anchor = place.split("#")
    assert f"book/{page}" in (ROOT / "_toc.yml").read_text("utf-8")
    assert anchor in anchors(ROOT / "book" / page)


def test_ids_of_both_pages_are_unique_in_the_book():
    ids = [claim["id"] for claim in CLAIMS] + [row.id for row in ERRORS]
    assert len(ids) == len(set(ids))


def test_anchors_of_a_page(tmp_path):
    (tmp_path / "a.md").write_text(
        "# One\n\n(two-b)=\n## Two `//` b\n\n```python\n# no\n```\n#### deep"
    )
    assert anchors(tmp_path / "a") == {"one", "two-b", "two--b"}
