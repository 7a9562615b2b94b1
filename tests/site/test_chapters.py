"""What a reader of a chapter meets: how far it is to a fix, to a picture, to the end.

The end is where the questions of "Check yourself" begin: they are no part of the main line.
"""

import notebooks
import pytest

pytestmark = pytest.mark.site

SCREEN = 900
CHAPTERS = [
    path.stem
    for path in sorted((notebooks.ROOT / "book").glob("*.ipynb"))
    if not path.stem.endswith("-deeper") and path.stem not in ("shape-rule", "audit")
]
MEASURE = """() => {
const main = document.querySelector("main article");
const top = e => e.getBoundingClientRect().top + scrollY, end = e => top(e) + e.offsetHeight;
const shown = e => e.getBoundingClientRect().height > 60 && !e.closest("details:not([open])");
const pictures = [...main.querySelectorAll("figure, .cell_output svg, .cell_output img")]
.filter(e => shown(e) && !e.parentElement.closest("figure")).map(top);
const quiz = main.querySelector("section#check-yourself");
const last = end(quiz.previousElementSibling), stops = [top(main), ...pictures, last];
const short = [...main.querySelectorAll("#in-short .tag_fix")];
const far = {screens: (last - top(main)) / innerHeight, quiz: quiz.offsetHeight / innerHeight,
gap: Math.max(...stops.slice(1).map((y, i) => y - stops[i])) / innerHeight};
if (!short.length) return {...far, rule: end(main.querySelector("ul")), figure: pictures[0]};
return {...far, begins: top(short[0]), first: end(short[0]), all: end(short.at(-1))}}"""


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_fix_and_a_picture_are_near_and_the_end_is_not_far(page, site, name):
    page.goto(f"{site}book/{name}.html", wait_until="load")
    found = page.evaluate(MEASURE)
    assert found["first"] <= SCREEN
    assert found["all"] <= 2 * SCREEN
    assert found["screens"] <= 12
    assert found["quiz"] <= 1.5
    assert found["gap"] <= 3
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(MEASURE)["begins"] <= 1300


def test_the_call_of_the_audit_is_on_the_first_screen_of_its_page(page, site):
    page.goto(f"{site}book/audit.html", wait_until="load")
    found = page.evaluate(
        """() => {
const main = document.querySelector("main article"), code = main.querySelector("#in-short .cell");
const foot = e => e.getBoundingClientRect().top + scrollY + e.offsetHeight;
return {call: foot(code), end: foot(main.lastElementChild)}}"""
    )
    assert found["call"] <= SCREEN
    assert found["end"] <= 8 * SCREEN


def test_the_rule_is_on_the_first_screen_of_the_opener(page, site):
    page.goto(f"{site}book/shape-rule.html", wait_until="load")
    found = page.evaluate(MEASURE)
    assert found["figure"] < found["rule"] <= SCREEN
    assert found["screens"] <= 8
    assert found["quiz"] <= 1.5
    assert found["gap"] <= 3
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(MEASURE)["rule"] <= 1300
