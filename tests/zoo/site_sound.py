"""One load of a page of the site for all that is asked of every page."""

import json

import yaml
from site_pages import (
    COLOUR_RULES,
    DOCUMENTS,
    FOCUS_IS_SET,
    MADE,
    NOTEBOOKS,
    ROOT,
    SHOWN,
    violations,
    wait_until,
)

POLICY = "head > meta[http-equiv=Content-Security-Policy]"
MAX_REQUESTS = 18
MAX_REQUESTS_OF_THE_TITLE_PAGE = 15
MAX_BYTES = 575_000  # of what a page loads beside its own HTML, uncompressed

NAMELESS = """[...document.querySelectorAll("img, [role=img]")].filter(e =>
!(e.getAttribute("alt") || e.getAttribute("aria-label") || "").trim())
.map(e => e.outerHTML.slice(0, 200))"""

SAID_NOWHERE = """[...document.querySelectorAll("svg")].filter(e => e.getAttribute("role") !== "img"
&& !e.closest("[aria-hidden=true]") && !e.closest("button, a"))
.map(e => e.outerHTML.slice(0, 200))"""

CUT_LABELS = """[...document.querySelectorAll("svg.re-drawing, .hero svg")].flatMap(svg =>
[...svg.querySelectorAll("text")].filter(text => {const box = text.getBoundingClientRect();
const all = svg.getBoundingClientRect(), scale = all.width / svg.viewBox.baseVal.width;
return box.left < all.left || box.right > all.right || box.bottom > all.bottom + scale
|| box.top < all.top - scale})
.map(text => text.textContent))"""

CUT_OFF = """[...document.querySelectorAll(
"article :is(h1, h2, h3, p, li, code, img, svg, input), .bd-header-article a")]
.filter(e => !e.closest("pre, math, .math-block, [hidden], details:not([open])")
&& !e.closest("div.pst-scrollable-table-container, div.output.text_html table, .re-plot-box"))
.filter(e => {const box = e.getBoundingClientRect();
return box.width && (box.right > innerWidth + 1 || box.left < -1)})
.map(e => e.outerHTML.slice(0, 160))"""

SMALL_LABELS = """[...document.querySelectorAll("figure.re-figure svg.re-drawing text")]
.filter(text => {const {a, b} = text.getScreenCTM();
return text.getClientRects().length
&& parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b) < 11.9})
.map(text => text.textContent)"""

# Of a box that scrolls sideways a shadow tells, and a link to the next page is not cut.
CUT_UNTOLD = """[...document.querySelectorAll("article :is(pre, .re-plot-box, .re-trace-box, "
+ ".re-audit, .table-scroll, .pst-scrollable-table-container), .prev-next-area a")]
.filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1
&& !getComputedStyle(e).backgroundImage.includes("gradient"))
.map(e => e.outerHTML.slice(0, 160))"""

KEEP_SHOWN = f"{{window.shownInLight = new Set({SHOWN})}}"
SHOWN_OTHERWISE = f"""new Set({SHOWN}).symmetricDifference(window.shownInLight).size"""
THEME = "document.documentElement.dataset.theme"


def check_page(page, site: str, name: str) -> None:
    """Load a page, look at it in light, in dark and in dark on a screen 360 pixels wide.

    Args:
        page: The fixture, a fresh tab of 1280 x 900 in light.
        site: The address of the site.
        name: Of the page, with suffix.
    """
    asked, answers = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda answer: answers.append(answer))
    page.goto(site + name, wait_until="load")

    assert page.locator(POLICY).count() == 1  # what breaks it is an error in the console
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(SAID_NOWHERE) == []
    assert page.evaluate(CUT_LABELS) == []
    assert page.locator("meta[name=description]").count() == (name not in MADE)
    document = name.removesuffix(".html")
    if document in DOCUMENTS:
        check_buttons(page, document)

    assert page.evaluate(THEME) == "light"
    page.evaluate(KEEP_SHOWN)
    assert violations(page) == []

    page.emulate_media(color_scheme="dark")
    wait_until(page, f"{THEME} === 'dark'")
    same = page.evaluate(SHOWN_OTHERWISE) == 0
    assert violations(page, COLOUR_RULES if same else None) == []

    page.set_viewport_size({"width": 360, "height": 740})
    wait_until(page, FOCUS_IS_SET)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(CUT_UNTOLD) == []
    assert page.evaluate(SMALL_LABELS) == []
    assert violations(page) == []

    check_traffic(asked, answers, site, page.url)


def check_traffic(asked: list[str], answers: list, site: str, address: str) -> None:
    """Everything comes from the site itself, is there, and is small."""
    assert [url for url in asked if not url.startswith((site, "data:"))] == []
    assert [answer.url for answer in answers if answer.status >= 400] == []
    most = MAX_REQUESTS_OF_THE_TITLE_PAGE if address == site + "index.html" else MAX_REQUESTS
    assert len(answers) <= most, [answer.url for answer in answers]
    sizes = [
        (int(answer.headers["content-length"]), answer.url)
        for answer in answers
        if answer.url != address and "searchindex.js" not in answer.url  # that grows with the book
    ]
    assert sum(size for size, _ in sizes) <= MAX_BYTES, sorted(sizes)[-5:]


def check_buttons(page, name: str) -> None:
    """Notebooks, and they alone, can be opened in Colab and downloaded."""
    download = page.get_by_role("link", name="Download .ipynb")
    buttons = page.locator(".article-header-buttons")
    if name not in NOTEBOOKS:
        assert buttons.locator("a").count() == 0
        assert download.count() == 0
        return
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    owner = config["url"].removeprefix("https://github.com/")
    colab = page.locator("a[href*='colab.research.google.com/github/']")
    assert buttons.locator(colab).get_attribute("href") == (
        f"https://colab.research.google.com/github/{owner}/blob/{config['branch']}/{name}.ipynb"
    )
    source = page.request.get(page.evaluate("a => a.href", download.element_handle()))
    assert json.loads(source.body())["nbformat"] == 4
