"""What the rules say of themselves: codes that differ, and chapters that are there."""

import re
from collections import Counter

import notebooks
import pytest
from site_pages import ROOT

from helpers.auditing import catalogue
from helpers.auditing.rule import SEVERITIES


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.name)
def test_a_rule_leads_to_a_heading_of_the_book(rule):
    page, _, anchor = rule.chapter.partition("#")
    cells = notebooks.read(ROOT / f"book/{page}.ipynb").cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    headings = {notebooks.slug(line) for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert anchor in headings | set(re.findall(r'\bid="([^"]+)"', text))


def test_codes_and_names_differ_and_severities_are_known():
    counts = Counter(word for rule in catalogue() for word in (rule.code, rule.name))
    assert set(counts.values()) == {1}
    assert {rule.severity for rule in catalogue()} <= set(SEVERITIES)
    assert all(re.fullmatch(r"RE[1-5]\d\d", rule.code) for rule in catalogue())
