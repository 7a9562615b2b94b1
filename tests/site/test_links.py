"""Links, anchors and prose of the built pages, and what else their files must not hold."""

import html
import json
import re
import sys

import pytest
from site_pages import (
    DOCUMENTS,
    MESSAGES,
    PAGES,
    REFERENCE,
    ROOT,
    broken,
    error_entries,
    markup_of,
)

from helpers import errors

pytestmark = pytest.mark.site


@pytest.mark.parametrize("name", sorted({*PAGES, *MESSAGES, *REFERENCE}))
def test_internal_links_resolve(built, name):
    path = built / name
    links = markup_of(path).links
    assert links
    assert [reason for link in links if (reason := broken(path, link))] == []


@pytest.mark.parametrize("name", [*(f"{name}.html" for name in DOCUMENTS), *MESSAGES])
def test_no_mark_of_markdown_or_rst_is_left_in_the_prose(built, name):
    assert markup_of(built / name).back_quotes == []


def test_a_return_type_in_the_reference_is_a_type(built):
    text = "\n".join((built / page).read_text("utf-8") for page in REFERENCE)
    fields = re.findall(r"<dt[^>]*>Return type\b.*?</dt>\s*<dd[^>]*>(.*?)</dd>", text, re.DOTALL)
    types = [html.unescape(re.sub("<[^>]*>", "", field)) for field in fields]
    a_type = r"[\w.…]+((\[|, | \| )[\w.…]+|\])*"
    assert len(types) > 10
    assert [text for text in types if not re.fullmatch(a_type, text.strip())] == []


def test_no_page_is_forgotten(built):
    pages = {f.relative_to(built).as_posix() for f in built.rglob("*.html")}
    assert pages == {*PAGES, *MESSAGES, *REFERENCE}, (
        "pages of an older build may be left: delete _build"
    )


def test_no_file_tells_where_it_was_built(built):
    folders = [str(ROOT).encode(), sys.prefix.encode()]
    files = [f for f in built.rglob("*") if f.is_file()]
    assert [f for f in files if any(folder in f.read_bytes() for folder in folders)] == []


def test_every_entry_of_the_box_leads_somewhere(built):
    entries = error_entries(built)
    assert [entry["id"] for entry in entries] == [entry.id for entry in errors.catalogue()]
    script = (built / "_static" / "error-answers.js").read_text("utf-8")
    answers = json.loads(script[script.index("{") : script.rindex("}") + 1])
    for row in errors.catalogue():
        for url in (f"book/messages/{row.id}.html", answers[row.id]["chapter"]):
            assert broken(built / "index.html", url) is None


def test_a_message_is_the_title_of_its_page_and_in_the_search(built):
    index = (built / "searchindex.js").read_text("utf-8")
    titles = {}
    for name in MESSAGES:
        text = (built / name).read_text("utf-8")
        titles[name] = html.unescape(re.search(r"<title>(.*?)</title>", text, re.DOTALL)[1])
        assert text.count('name="description"') == 1, name
        assert f'"{name.removesuffix(".html")}"' in index
    assert titles["book/messages/dataset-length-zero.html"].startswith("The PyDataset has length 0")
    assert all(title.strip() for title in titles.values())
