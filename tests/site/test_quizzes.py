"""The questions at the end of a page: with a script, with the keyboard, and without a script."""

import notebooks
import pytest
import yaml
from site_pages import COLOUR_RULES, violations

pytestmark = pytest.mark.site

FOLDER = notebooks.ROOT / "book" / "data" / "quizzes"
QUIZZES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.glob("*.yml")}


ANSWERS = """() => [...document.querySelectorAll("fieldset.re-question")].map(question => {
const button = question.querySelector(".re-checked button");
const said = question.querySelector("[role=status]");
const press = () => {button.click(); return said.textContent};
return {folded: question.querySelector("details").checkVisibility(), first: press(),
said: [...question.querySelectorAll("input")].map(input => {
input.click();
return [said.textContent, press()]})}})"""
EDGES = """() => [...document.querySelectorAll(".re-question :is(legend code, label, p)")].flatMap(
e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right])"""


def plain(text):
    return " ".join(text.replace("`", "").split())


@pytest.mark.parametrize("name", sorted(QUIZZES))
def test_every_choice_is_answered_with_its_reason(page, site, name):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}book/{name}.html#check-yourself")
    assert page.locator(".page-toc a[href='#check-yourself']").count() == 1
    questions = page.evaluate(ANSWERS)
    assert len(questions) == len(QUIZZES[name])
    for question, of in zip(questions, QUIZZES[name], strict=True):
        assert not question["folded"]
        assert question["first"] == "Choose an answer first."
        verdicts = ["Right." if choice.get("right") else "Not so." for choice in of["choices"]]
        assert question["said"] == [
            ["", f"{verdict} {plain(choice['reason'])}"]
            for verdict, choice in zip(verdicts, of["choices"], strict=True)
        ]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    edges = page.evaluate(EDGES)
    assert min(edges) >= 0
    assert max(edges) <= 360


def test_a_verdict_can_be_read_in_both_themes(page, site):
    page.goto(f"{site}book/masking.html")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(ANSWERS)
        assert violations(page, COLOUR_RULES) == []


def test_the_keyboard_answers(page, site):
    page.goto(f"{site}book/tail-batches.html")
    question = page.get_by_role("group", name="How many answers does predict return?")
    question.get_by_role("radio", name="105").focus()
    page.keyboard.press("ArrowDown")
    assert question.get_by_role("radio", name="96").is_checked()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) != "none"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    assert (
        page.evaluate(outline) != "none"
        or page.evaluate("getComputedStyle(document.activeElement).boxShadow") != "none"
    )
    page.keyboard.press("Enter")
    assert question.get_by_role("status").inner_text().startswith("Right.")


def test_without_script_the_answers_are_folded(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}book/masking.html")
    for question in tab.locator("fieldset.re-question").all():
        assert question.locator("label").first.is_visible()
        assert not question.locator("input").first.is_visible()
        assert not question.get_by_role("button").first.is_visible()
        answers = question.locator("details li")
        assert not answers.first.is_visible()
        question.locator("summary").click()
        assert sum("Right." in text for text in answers.all_inner_texts()) == 1
    context.close()


def test_only_pages_with_questions_load_their_script(page, site):
    for name, loads in ("book/masking", True), ("book/glossary", False), ("index", False):
        page.goto(f"{site}{name}.html")
        assert page.locator("script[src*='quiz.js']").count() == loads
