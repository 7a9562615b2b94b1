"""The head and the foot of every page, the page "not found", and what needs the site's address."""

import re
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from site_pages import DOCUMENTS, ROOT

pytest.importorskip("docutils", reason="the tests of the site need it")
from book._ext import page_foot, page_head, tested_on

pytestmark = pytest.mark.site

BASE = "https://some-one.github.io/my.fork_2/"


def test_every_page_has_one_title_one_viewport_and_a_preview(built):
    titles = {}
    for path in sorted(built.rglob("*.html")):
        if "_static" in path.parts:
            continue
        text = path.read_text("utf-8")
        head = text.split("</head>")[0]
        (title,) = re.findall("<title>(.*?)</title>", head, re.DOTALL)
        titles[path.relative_to(built).as_posix()] = title
        assert head.count('name="viewport"') == 1, path
        for name in ("og:title", "og:description", "og:image", "og:image:alt"):
            (content,) = re.findall(f'property="{name}" content="([^"]*)"', head)
            assert content, path
    assert titles["index.html"] == "Ragged Edges: feeding variable-size data to Keras"
    assert titles["book/masking.html"] == "Padding and masking · Ragged Edges"
    assert titles["search.html"] == "Search · Ragged Edges"
    assert all(title.count("Ragged Edges") == 1 for title in titles.values())
    assert (built / "_static/social.png").stat().st_size <= 60_000


def test_a_local_build_says_so_and_names_no_address(built):
    page = (built / "book/masking.html").read_text("utf-8")
    assert "This is a local build" in page
    assert 'rel="canonical"' not in page
    assert "og:url" not in page
    assert not (built / "sitemap.xml").exists()
    assert f"Ragged Edges {page_foot.version()}." in page


def test_the_address_of_the_site_follows_from_the_repository():
    assert page_head.known_address("https://github.com/-owner-/ragged-edges") == ""
    assert page_head.known_address("https://github.com/Some-One/my.fork_2") == BASE


def test_a_report_names_page_and_version_in_the_fields_of_the_form():
    link = page_foot.report_link("https://github.com/a/b", "book/x.html", "<code>x</code> y")
    filled = {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}
    form = ROOT / ".github/ISSUE_TEMPLATE" / filled["template"]
    assert "id: where" in form.read_text("utf-8")
    assert filled["title"] == "Does not hold: x y"
    assert filled["where"] == f"book/x.html (x y), version {page_foot.version()}"


def test_the_page_not_found_leads_home_from_any_depth(built):
    text = page_head.anchored((built / "404.html").read_text("utf-8"), "/my.fork_2/")
    links = re.findall(r'\b(?:href|src|action|data-content_root)="([^"]*)"', text)
    assert "/my.fork_2/book/error-index.html" in links
    assert [x for x in links if not x.startswith(("/my.fork_2/", "#", "https:"))] == []
    inside = [
        x.removeprefix("/my.fork_2/").split("?")[0].split("#")[0] for x in links if x[0] == "/"
    ]
    assert [name for name in inside if name and not (built / name).exists()] == []


def test_a_sitemap_is_xml():
    root = ElementTree.fromstring(page_head.sitemap([BASE + "a.html", BASE + "?b&c"]).encode())
    assert [loc.text for loc in root.iter() if loc.tag.endswith("loc")] == [
        BASE + "a.html",
        BASE + "?b&c",
    ]


def test_what_a_page_runs_on_comes_from_its_tests():
    said = {name: tested_on.tested_on(name) for name in DOCUMENTS}
    assert said["book/api"] == said["book/glossary"] == ""
    assert "Keras 3.15, and Colab’s TensorFlow 2.20" in said["book/tail-batches"]
    assert "JAX" not in said["book/tail-batches"]
    assert "helpers.masking run on JAX and PyTorch" in said["book/masking"]
    assert "They run on JAX and PyTorch" in said["book/mask-table"]
    only = tested_on.tested_on("book/messages/dataset-length-zero")
    assert only == "Tests provoke this message on TensorFlow, with Keras 3.15 and 3.13."
