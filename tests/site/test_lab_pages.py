"""What a reader of a lab's page meets: a solution under each task, to be opened."""

import json

import pytest
from site_pages import SOLUTIONS

pytestmark = pytest.mark.site


@pytest.mark.parametrize("name", [name.replace("solutions/", "") for name in SOLUTIONS])
def test_a_solution_is_seen_once_it_is_opened(page, site, name):
    page.goto(f"{site}{name}.html", wait_until="load")
    folds = page.locator("article details.solution")
    assert folds.count() == page.locator("article summary", has_text="Hint 1").count() > 4
    for fold in folds.all():
        check = fold.locator("pre", has_text=": right.").last
        assert not check.is_visible()
        fold.locator("summary").click()
        assert check.is_visible()
    assert page.locator("article .cell_output", has_text="not attempted").count() == folds.count()


@pytest.mark.parametrize("name", SOLUTIONS)
def test_the_pages_of_solutions_are_in_no_menu_and_have_no_marks(built, name):
    text = (built / f"{name}.html").read_text("utf-8")
    lab = (built / f"{name.replace('solutions/', '')}.html").read_text("utf-8")
    source = json.loads((built / "_sources" / f"{name}.ipynb").read_text("utf-8"))
    assert f"{name}.html" not in lab
    for shown in (text, lab, json.dumps(source)):
        assert "# solution" not in shown
        assert "# was:" not in shown
