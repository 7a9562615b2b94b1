"""From the title page to a fix that runs, for each of the ten commonest situations: two clicks."""

import types

import pytest
import yaml

from book._ext import catalogues
from book._ext.catalogues import commonest, examples, silent
from helpers import errors

pytestmark = pytest.mark.site

TEN = commonest.load()
RAISE = [each for each in TEN if each["raises"]]
ROWS = {row.id: row for row in errors.catalogue()}
EXAMPLE = "document.getElementById('message-example').dataset.message"
# the code below "Use instead", and whether its first line is on the screen
FIX = """() => {
const code = document.querySelector("#use-instead pre"), at = code.getBoundingClientRect();
return {code: code.textContent, seen: at.top >= 0 && at.top + 40 < innerHeight
  && code.checkVisibility()};
}"""


def run_by_tests(situation):
    """The code that tests run: `mend` of a row in test_mends, of a symptom in test_silent."""
    if situation["raises"]:
        return examples.mending(ROWS[situation["id"]])
    return silent._Code(situation["id"]).twin("mend")


def shows_the_fix(page, situation):
    page.wait_for_url(f"**/book/{situation['page']}.html*")
    found = page.evaluate(FIX)
    assert found["seen"]
    assert found["code"] == run_by_tests(situation) + "\n"


def name(situation):
    return situation["id"]


@pytest.mark.parametrize("situation", TEN, ids=name)
def test_by_a_link(page, site, situation):
    page.goto(site)
    link = page.locator(f".commonest a[href='book/{situation['page']}.html']")
    words = situation["seen"].replace("`", "")
    assert link.text_content() == words
    link.click()
    shows_the_fix(page, situation)


@pytest.mark.parametrize("situation", RAISE, ids=name)
def test_by_a_paste(page, site, situation):
    page.goto(site)
    page.get_by_label("Paste the message").fill(situation["paste"])
    answer = page.locator("#message-answer")
    answer.locator("pre").first.wait_for()
    assert answer.locator("pre").first.text_content() == run_by_tests(situation)
    answer.get_by_role("link", name="Its page").click()
    shows_the_fix(page, situation)


def test_the_ten_are_found_at_once(page, site):
    page.goto(site)
    assert page.locator(".commonest li").count() == len(TEN)
    assert page.locator(".commonest li").last.bounding_box()["y"] < 900


def test_the_example_is_answered(page, site):
    page.goto(site)
    assert errors.find(page.evaluate(EXAMPLE)).id in [name(each) for each in RAISE]
    page.get_by_role("button", name="Try an example").press("Enter")
    answer = page.locator("#message-answer")
    answer.locator("pre").first.wait_for()
    assert page.get_by_label("Paste the message").input_value() == page.evaluate(EXAMPLE)
    assert "different numbers of rows" in answer.inner_text()


def test_without_script_an_answer_is_shown_by_a_link(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(site)
    assert not tab.get_by_role("button", name="Try an example").is_visible()
    tab.get_by_role("link", name="This is how an answer looks").click()
    assert tab.get_by_role("heading", name="Use instead").is_visible()
    context.close()


def test_the_install_line_names_the_repository_where_it_is_known(page, site):
    config = types.SimpleNamespace(html_theme_options={"repository_url": "https://x.org/a"})
    known = commonest.install_line(catalogues.repository(config))
    assert "`pip install git+https://x.org/a`" in known
    config.html_theme_options = {"repository_url": "https://github.com/-owner-/ragged-edges"}
    unknown = commonest.install_line(catalogues.repository(config))
    config = yaml.safe_load((catalogues.ROOT / "_config.yml").read_text("utf-8"))
    if "-owner-" in config["repository"]["url"]:  # not where it is published
        page.goto(site)
        assert page.get_by_text(unknown.replace("`", "")).is_visible()
