"""The cheat sheet is one sheet of paper, and nothing on it is cut or too small to read."""

import re

import pytest

from book._ext.catalogues import commonest

pytestmark = pytest.mark.site

SMALLEST = 7.5 * 96 / 72  # pixels
SIZES = """Math.min(...[...document.querySelectorAll("article *")].filter(
e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(
e => parseFloat(getComputedStyle(e).fontSize)))"""
CUT = """[...document.querySelectorAll("article pre, .sheet-table")].filter(
e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"""


def pages(pdf):
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_it_prints_on_one_sheet_of_a4(page, site):
    page.goto(f"{site}book/cheat-sheet.html")
    pdf = page.pdf(prefer_css_page_size=True)
    assert pages(pdf) == 1
    assert re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)", pdf) == [(b"594", b"841")]
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 726, "height": 1054})  # A4 without its margins
    assert page.evaluate(SIZES) >= SMALLEST
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("width", [1280, 1920])
def test_nothing_on_it_is_cut(page, site, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}book/cheat-sheet.html")
    assert page.evaluate(CUT) == []


def test_no_table_is_cut_on_a_phone(page, site):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}book/cheat-sheet.html")
    assert [text for text in page.evaluate(CUT) if "batch" in text and "features" in text] == []


def test_it_shows_the_code_of_the_ten(page, site):
    page.goto(f"{site}book/cheat-sheet.html")
    shown = page.locator(".fix pre").all_text_contents()
    assert shown == [each["code"] for each in commonest.load()]
