"""How a report prints: text, and HTML that looks right with and without the book's stylesheet."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import re
from html.parser import HTMLParser

import pytest

from helpers.auditing import Finding, Report, Verdict, catalogue

pytestmark = pytest.mark.any_backend
RULES = catalogue()
VOID = {"br", "meta"}


def finding(severity="error", message="rows & <more> rows"):
    rule = RULES[0]
    return Finding(rule.code, rule.name, severity, message, "data", "3 < 4", "Round up.", "page")


class Tags(HTMLParser):
    """Collects tags with their attributes, and holds that they close in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def named(self, tag):
        return [attributes for each, attributes in self.found if each == tag]


@pytest.fixture
def report():
    found = tuple(map(finding, ("error", "warning", "note")))
    undecided = (Verdict(RULES[1], "no rows <given>"),)
    return Report(("a <model>", "data: arrays"), found, (Verdict(RULES[2]),), undecided, ("x",))


def test_html_escapes_what_it_is_given_and_closes_its_tags(report):
    text = report._repr_html_()
    tags = Tags(text)
    assert "rows &amp; &lt;more&gt; rows" in text
    assert "no rows &lt;given&gt;" in text
    assert "a &lt;model&gt;" in text
    assert [row.get("class") for row in tags.named("tr")[1:]] == [
        "re-audit-error",
        "re-audit-warning",
        "re-audit-note",
    ]
    assert {cell["scope"] for cell in tags.named("th")} == {"row", "col"}
    assert len(tags.named("details")) == 3


def test_html_can_be_reached_by_keyboard_and_has_a_name(report):
    (box, *_) = Tags(report._repr_html_()).named("div")
    assert box["tabindex"] == "0"
    assert box["role"] == "region"
    assert box["aria-label"] == f"Audit: {report.summary}"


def test_html_needs_no_stylesheet_and_no_policy_forbids_it(report):
    tags = Tags(report._repr_html_())
    assert {tag for tag, _ in tags.found}.isdisjoint({"style", "script", "link", "img"})
    for cell in [*tags.named("td"), *tags.named("th")]:
        assert "text-align:left" in cell["style"]  # Jupyter's tables stand at the right
        assert not re.search(r"(?<!border-left:4px solid )#|background|;color", cell["style"])


def test_without_findings_there_is_no_table(report):
    clean = Report(report.subject, (), report.passed, (), ())
    tags = Tags(clean._repr_html_())
    assert tags.named("table") == []
    assert len(tags.named("details")) == 1
    assert "<strong>Audit: 0 errors, 0 warnings, 0 notes, 1 rule passed" in clean._repr_html_()


def test_a_page_stands_alone_in_light_and_dark(report):
    page = report.as_html()
    tags = Tags(page.removeprefix("<!doctype html>\n"))
    assert tags.named("html") == [{"lang": "en"}]
    assert "color-scheme:light dark" in page
    assert report._repr_html_() in page
    assert len(tags.named("main")) == len(tags.named("h1")) == 1


def test_a_notebook_gets_text_and_html(report):
    assert report._repr_mimebundle_() == {
        "text/plain": str(report),
        "text/html": report._repr_html_(),
    }
