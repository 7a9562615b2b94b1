"""The decision guide in a browser: four answers by keyboard lead to one route of the page."""

import pytest
from site_pages import violations, wait_until
from site_sound import CUT_OFF, CUT_UNTOLD

from book._ext.catalogues import routes

playwright = pytest.importorskip("playwright.sync_api", reason="the tests of the site need it")

pytestmark = pytest.mark.site

GUIDE = "book/choose.html"
ROUTES = routes.load()["routes"]
SHOWN = (
    """ids => ids.filter(id => document.getElementById(id).closest("section").checkVisibility())"""
)
IDS = [route["id"] for route in ROUTES]


def shown(page):
    return page.evaluate(SHOWN, IDS)


def status(page):
    return page.locator("#choose-status").inner_text()


def test_four_answers_by_keyboard_alone_lead_to_the_route(page, site):
    page.goto(site + GUIDE)
    assert shown(page) == []
    assert status(page) == f"Answer the questions: they lead to one of {len(ROUTES)} routes."
    page.locator("article h1").click()
    reached = "document.activeElement.name"
    for name, downs in (("varies", 1), ("model", 1), ("backend", 2), ("memory", 1)):
        for _ in range(9):
            page.keyboard.press("Tab")
            if page.evaluate(reached) == name:
                break
        assert page.evaluate(reached) == name
        page.keyboard.press("Space")
        for _ in range(downs):
            page.keyboard.press("ArrowDown")
    assert shown(page) == ["length-convolution-any"]
    assert "Your route: Convolution, from disk, JAX or PyTorch" in status(page)
    assert page.locator(".from-disk:visible").count() == 1
    assert page.url.endswith("#varies=length&model=convolution&backend=jax&memory=no")
    page.get_by_role("link", name="Convolution, from disk").press("Enter")
    assert shown(page) == ["length-convolution-any"]


def test_every_combination_shows_the_route_that_python_says(page, site):
    page.goto(site + GUIDE)
    script = """([all, ids]) => all.map(given => {
      const form = document.getElementById("choose");
      for (const name in given) form.elements[name].value = given[name];
      form.dispatchEvent(new Event("change", {bubbles: true}));
      return ids.filter(id => document.getElementById(id).closest("section").checkVisibility());
    })"""
    combinations = list(routes.combinations())
    wanted = [[route["id"] for route in routes.leading_to(each)] for each in combinations]
    assert page.evaluate(script, [combinations, IDS]) == wanted


def test_the_answers_are_in_the_address_and_can_be_shared(page, site):
    page.goto(f"{site}{GUIDE}#varies=size&model=pooling&backend=torch&memory=yes")
    assert shown(page) == ["size-pooling-in-memory"]
    assert page.get_by_label("PyTorch").is_checked()
    assert page.locator(".from-disk:visible").count() == 0
    page.get_by_role("button", name="Start again").press("Enter")
    wait_until(page, "document.getElementById('choose-status').textContent.startsWith('Answer')")
    assert shown(page) == []
    page.get_by_label("how many items").check()
    assert status(page).startswith("6 routes are left. Still to answer: What reads it?")
    page.get_by_label("convolutions").check()
    assert shown(page) == ["items-in-no-order"]
    assert page.get_by_text("This does not work.").is_visible()
    assert not page.get_by_role("button", name="Copy the whole script").is_visible()


def test_links_to_a_route_and_to_a_section_show_what_they_lead_to(page, site):
    page.goto(f"{site}{GUIDE}#rows-on-disk")
    assert shown(page) == ["rows-on-disk"]
    assert page.get_by_label("no, it is read from disk").is_checked()
    page.goto(f"{site}{GUIDE}#height-and-width-vary")
    wait_until(page, "document.getElementById('size-pooling-any').checkVisibility()")
    assert shown(page) == IDS
    page.get_by_role("button", name="Show only my route").press("Enter")
    assert shown(page) == []  # two routes fit the answers that are left


@pytest.mark.parametrize("where", ["server", "disk"])
def test_the_whole_script_is_copied_and_is_the_code_of_the_route(page, site, built, where):
    address = site + GUIDE if where == "server" else (built / GUIDE).as_uri()
    page.context.grant_permissions(["clipboard-read"])
    page.add_init_script(
        "document.addEventListener('copy', () => {"
        "window.copied = document.activeElement.value ?? ''})"
        if where == "disk"
        else "navigator.clipboard.writeText = async text => {window.copied = text}"
    )
    if where == "disk":
        page.add_init_script("delete Navigator.prototype.clipboard")
    page.goto(address + "#varies=items&model=pooling&backend=torch&memory=no")
    page.get_by_role("button", name="Copy the whole script").press("Enter")
    page.get_by_role("button", name="Copied").wait_for()
    (route,) = (route for route in ROUTES if route["id"] == "items-pooling-any")
    parts = routes.part("setups", "items"), routes.part("disks", "items"), routes.code(route)
    assert page.evaluate("copied") == "\n".join(f"{part}\n" for part in parts)


@pytest.mark.parametrize("dark", [False, True])
def test_a_route_is_readable_on_a_phone_and_in_the_dark(page, site, dark):
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.goto(f"{site}{GUIDE}#varies=length&model=attention&backend=xla&memory=yes")
    assert shown(page) == ["length-attention-tensorflow"]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(CUT_UNTOLD) == []
    page.wait_for_timeout(300)  # the theme makes what scrolls focusable a moment later
    assert violations(page) == []


def test_without_script_all_routes_are_there(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(site + GUIDE)
    headings = tab.locator("article h3").all_inner_texts()
    assert [each.rstrip("#¶") for each in headings] == [route["title"] for route in ROUTES]
    assert all(tab.locator(f"[id='{id}']").count() == 1 for id in IDS)
    assert tab.locator("article h3").first.is_visible()
    assert tab.locator("article h3").last.is_visible()
    assert not tab.locator("#choose").is_visible()
    context.close()
