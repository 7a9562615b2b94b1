"""What a search finds first, and how its marks are left."""

import re
from urllib.parse import quote_plus

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the tests of the site need it")

pytestmark = pytest.mark.site

FIRST = {  # query -> the beginning of the title and the address of what comes first
    "expected ndim=3": ("expected ndim=3", "book/messages/"),
    "padding leak": (".*> The padding leaks", "book/images-to-sequences.html#the-padding-leaks"),
    "cardinality": ("Data cardinality is ambiguous", "book/messages/"),
    "steps_per_epoch": ("Your input ran out of data", "book/messages/input-ran-out-of-data.html"),
    "drop_remainder": ("", "book/messages/"),
    "bucket": ("Glossary", "book/glossary.html#term-bucket"),
    "mask": ("Glossary", "book/glossary.html#term-mask"),
}


@pytest.mark.parametrize("query", FIRST)
def test_sections_and_messages_come_first(page, site, query):
    title, address = FIRST[query]
    page.goto(f"{site}search.html?q={quote_plus(query)}")
    hit = page.locator("ul.search li > a").first
    playwright.expect(hit).to_have_attribute("href", re.compile("^" + re.escape(address)))
    assert re.match(title, hit.inner_text())


def test_marks_of_a_search_are_left_by_a_link_and_by_escape(page, site):
    page.goto(f"{site}search.html?q=padding")
    for leave in ("click", "Escape"):
        page.goto(f"{site}book/masking.html?highlight=padding")
        page.locator("article .highlighted").first.wait_for()
        away = page.get_by_role("link", name="Hide Search Matches")
        assert away.is_visible()
        away.click() if leave == "click" else page.keyboard.press("Escape")
        assert page.locator("article .highlighted:visible").count() == 0


def test_the_icon_of_a_field_stands_before_its_words(page, site):
    page.goto(f"{site}search.html")
    field, icon = page.locator(".bd-search input:visible").first, page.locator(".bd-search i").last
    left = field.evaluate(
        "e => e.getBoundingClientRect().x + parseFloat(getComputedStyle(e).paddingLeft)"
    )
    box = icon.bounding_box()
    assert box["x"] + box["width"] <= left
