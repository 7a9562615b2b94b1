"""The built site in a real browser: run `make book` first.

Every page is opened once; light, dark and a screen 360 pixels wide are looked at in turn.
"""

import functools
import http.server
import json
import os
import re
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from browser import system_browser

from helpers import errors
from helpers.explore import tail_explorer
from helpers.figures import PALETTE
from tools.masks import measure

playwright = pytest.importorskip("playwright.sync_api", reason="the tests of the site need it")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
bs4 = pytest.importorskip("bs4")

pytestmark = pytest.mark.site

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
CHAPTER = "book/tail-batches.html"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MAX_REQUESTS = 20
MAX_BYTES = 560_000  # of what a page loads beside its own HTML, uncompressed

CUT_OFF = """[...document.querySelectorAll(
"article :is(h1, h2, h3, p, li, code, img, svg, input), .bd-header-article a")]
.filter(e => !e.closest("pre, math, .math-block, [hidden], details:not([open])")
&& !e.closest("div.pst-scrollable-table-container, div.output.text_html table"))
.filter(e => {const box = e.getBoundingClientRect();
return box.width && (box.right > innerWidth + 1 || box.left < -1)})
.map(e => e.outerHTML.slice(0, 160))"""

CUT_LABELS = """[...document.querySelectorAll("svg.re-drawing, .hero svg")].flatMap(svg =>
[...svg.querySelectorAll("text")].filter(text => {const box = text.getBBox();
return box.x < 0 || box.x + box.width > svg.viewBox.baseVal.width
|| box.y + box.height > svg.viewBox.baseVal.height + 1}).map(text => text.textContent))"""


def toc_documents():
    """Every document of _toc.yml, in its order, without suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [c for part in toc.get("parts", []) for c in part["chapters"]]
    return [toc["root"], *(c["file"] for c in [*toc.get("chapters", []), *chapters])]


DOCUMENTS = toc_documents()
PAGES = [*(f"{name}.html" for name in DOCUMENTS), "search.html", "genindex.html"]
NOTEBOOKS = [name for name in DOCUMENTS if (ROOT / f"{name}.ipynb").exists()]


def newest_source():
    """The source of the site that was changed last."""
    files = [ROOT / "_config.yml", ROOT / "_toc.yml", ROOT / "index.md"]
    for folder in ("book", "labs", "helpers"):
        files += [
            f
            for f in (ROOT / folder).rglob("*")
            if f.is_file()
            and not any(p.startswith((".", "__")) for p in f.relative_to(ROOT).parent.parts)
        ]
    return max(files, key=lambda f: f.stat().st_mtime)


def cannot_run(reason):
    """Skip with one line; in CI, where `make test` has built everything, fail."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def built():
    """The folder of the built site, which is there and up to date."""
    stamp = HTML / ".buildinfo"
    if not stamp.exists():
        cannot_run("The site is not built: run `make book`.")
    source = newest_source()
    if source.stat().st_mtime > stamp.stat().st_mtime:
        cannot_run(f"The built site is older than {source.relative_to(ROOT)}: run `make book`.")
    return HTML


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def site(built):
    """The address of the built site on a free port of this machine."""
    handler = functools.partial(_Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, or else Playwright's own."""
    with playwright.sync_playwright() as p:
        found = system_browser()
        if not found and not Path(p.chromium.executable_path).exists():
            cannot_run("No Chromium here: install one, or run `python tools/browser.py`.")
        instance = p.chromium.launch(executable_path=found, args=FLAGS)
        yield instance
        instance.close()


@pytest.fixture
def page(browser):
    """A page of its own context whose console errors and script errors fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    tab = context.new_page()
    wrong = []
    tab.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    yield tab
    context.close()
    assert wrong == []


def violations(tab):
    """Whatever axe finds, as readable lines."""
    found = axe.Axe().run(tab).response["violations"]
    return [
        f"{v['id']} ({v['impact']}): {node['target']} {node['html'][:120]}"
        for v in found
        for node in v["nodes"][:3]
    ]


def settle(tab, milliseconds=250):
    tab.wait_for_timeout(milliseconds)  # CSS transitions between the themes


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound(page, site, name):
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(site + name, wait_until="load")
    settle(page)
    loaded = list(answers)
    assert [a.url for a in loaded if not a.url.startswith(site)] == []
    assert [a.url for a in loaded if a.status >= 400] == []
    assert len(loaded) <= MAX_REQUESTS, [a.url for a in loaded]
    sizes = sorted(((len(a.body()), a.url) for a in loaded if a.url != page.url), reverse=True)
    sizes = [
        (size, url) for size, url in sizes if "searchindex.js" not in url
    ]  # grows with the book
    assert sum(size for size, _ in sizes) <= MAX_BYTES, sizes[:5]
    nameless = page.evaluate(
        """[...document.querySelectorAll("img, [role=img]")].filter(e =>
        !(e.getAttribute("alt") || e.getAttribute("aria-label") || "").trim())
        .map(e => e.outerHTML.slice(0, 200))"""
    )
    assert nameless == []
    hidden_or_named = page.evaluate(
        """[...document.querySelectorAll("svg")].filter(e => e.getAttribute("role") !== "img"
        && !e.closest("[aria-hidden=true]") && !e.closest("button, a"))
        .map(e => e.outerHTML.slice(0, 200))"""
    )
    assert hidden_or_named == []
    assert page.evaluate(CUT_LABELS) == []
    assert page.locator("meta[name=description]").count() == (name not in PAGES[-2:])
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    settle(page)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    settle(page, 700)  # the theme waits a little before it looks for what scrolls now
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(CUT_OFF) == []
    assert violations(page) == []


def test_theme_button_goes_round(page, site):
    page.goto(site)
    button = page.locator(".theme-switch-button:visible")
    seen = set()
    for _ in range(3):
        button.press("Enter")
        seen.add(page.evaluate("document.documentElement.dataset.mode"))
    assert seen == {"light", "dark", "auto"}


def test_search_finds_the_chapter(page, site):
    page.goto(f"{site}search.html?q=batch")
    hit = page.locator(f"ul.search li a[href*='{CHAPTER}']").first  # the list grows hit by hit
    playwright.expect(hit).to_be_visible()


def test_icons_are_drawn_without_an_icon_font(page, site):
    page.goto(site)
    icon = page.locator(".search-button-field .fa-magnifying-glass")
    assert "svg" in icon.evaluate("e => getComputedStyle(e).maskImage")
    assert not list(HTML.glob("_static/vendor/fontawesome/**/*.js"))


def test_inline_shapes_have_the_colours_of_their_axes(page, site):
    page.goto(f"{site}book/glossary.html")
    shape = page.locator("code.shape").first
    assert shape.inner_text() == "(batch, time, features)"
    axes = shape.locator(".axis").all()
    assert [axis.inner_text() for axis in axes] == ["batch", "time", "features"]
    for axis in axes:
        colour = PALETTE[axis.inner_text()]
        rgb = ", ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
        drawn = axis.evaluate("e => getComputedStyle(e).borderBottomColor")
        assert drawn == f"rgb({rgb})"


# The explorer


def explorers(page, site):
    page.goto(site + CHAPTER)
    return page.locator("figure.re-explorer")


def test_explorer_moves_with_the_arrow_keys(page, site):
    figures = explorers(page, site)
    assert figures.count() >= 1
    for figure in figures.all():
        drawing, said = figure.locator("svg"), figure.locator("[aria-live]")
        before = drawing.get_attribute("aria-label")
        slider = figure.locator("input[type=range]").first
        value = slider.get_attribute("aria-valuetext")
        slider.press("ArrowRight")
        after = drawing.get_attribute("aria-label")
        assert after != before
        assert said.inner_text() == after
        assert slider.get_attribute("aria-valuetext") != value
        slider.press("ArrowLeft")
        assert drawing.get_attribute("aria-label") == before


def test_explorer_is_seen_without_script(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    figure = explorers(tab, site).first
    assert figure.locator("svg").is_visible()
    assert figure.locator("[aria-live]").is_visible()
    assert not figure.locator(".re-controls").is_visible()
    tab.goto(site)
    assert tab.get_by_role("link", name="error index").first.is_visible()
    context.close()


def test_script_and_python_draw_the_same_frames(page):
    explorer = tail_explorer()
    page.set_content(f"<main>{explorer.html()}{explorer.html()}</main>")
    first, second = page.locator("figure").all()
    boxes = first.locator("input, select").all()
    untouched = second.locator("svg").evaluate("e => e.outerHTML")
    for choice in explorer.choices():
        for control, box in zip(explorer.controls, boxes, strict=True):
            at = str(list(control.values).index(choice[control.name]))
            box.evaluate("(e, at) => {e.value = at; e.dispatchEvent(new Event('input'))}", at)
        drawing = explorer.frame(**choice)
        wanted = page.evaluate(
            """body => {const g = document.createElementNS("http://www.w3.org/2000/svg", "g");
            g.innerHTML = body; return g.innerHTML}""",
            drawing.body,
        )
        got = first.locator("svg > g").evaluate(
            "g => g.innerHTML.replace(/#re-[0-9a-f]+-hatch/g, '#hatch')"
        )
        assert got == wanted
        assert first.locator("svg").get_attribute("aria-label") == drawing.alt
        assert page.evaluate(CUT_LABELS) == []
    assert second.locator("svg").evaluate("e => e.outerHTML") == untouched


# The title page


def catalogue(built):
    text = (built / "_static/error-index.js").read_text("utf-8")
    return json.loads(text[text.index("[") : text.rindex("]") + 1])


@pytest.mark.parametrize("shape", ["plain", "wrapped"])
def test_message_box_finds_the_entry(page, site, shape):
    message = "ValueError: The PyDataset has length 0"
    if shape == "wrapped":
        message = "Traceback (most recent call last):\n  …\n" + message.replace(" ", "\n    ")
    entry = errors.find(message)
    page.goto(site)
    page.get_by_label("Paste the message").fill(message)
    answer = page.locator("#message-answer")
    answer.get_by_text(entry.title).wait_for()
    assert answer.get_attribute("aria-live") == "polite"
    answer.get_by_role("link", name="error index").press("Enter")
    page.wait_for_url(f"**/book/error-index.html#{entry.id}")
    assert page.locator(f"[id='{entry.id}']").count() == 1


def test_message_box_says_when_nothing_matches(page, site):
    page.goto(site)
    box, answer = page.get_by_label("Paste the message"), page.locator("#message-answer")
    assert not answer.is_visible()
    box.fill("KeyError: 'no such message'")
    answer.get_by_text("No entry matches this message").wait_for()
    assert violations(page) == []
    box.fill("")
    answer.wait_for(state="hidden")


def test_every_entry_of_the_box_leads_somewhere(built):
    entries = catalogue(built)
    assert [entry["id"] for entry in entries] == [entry.id for entry in errors.catalogue()]
    for entry in entries:
        for url in filter(None, (entry["url"], entry.get("chapter_url"))):
            assert broken(built / "index.html", url) is None


def test_from_the_title_page_to_the_fix_in_two_clicks(page, site):
    page.goto(site)
    page.get_by_role("link", name="The last batch is smaller and something raises").click()
    page.wait_for_url("**/book/tail-batches.html#*")
    anchor = urlsplit(page.url).fragment
    heading = page.locator(f"[id='{anchor}'] :is(h2, h3)").first
    assert "fix" in heading.inner_text().lower()
    page.wait_for_function("h => h.getBoundingClientRect().y < 900", arg=heading.element_handle())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_colab_and_download_buttons_on_notebooks_only(page, site, name):
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    page.goto(f"{site}{name}.html")
    colab = page.locator("a[href*='colab.research.google.com/github/']")
    download = page.get_by_role("link", name="Download .ipynb")
    buttons = page.locator(".article-header-buttons")
    if name not in NOTEBOOKS:
        assert buttons.locator("a").count() == 0
        assert download.count() == 0
        return
    owner = config["url"].removeprefix("https://github.com/")
    assert buttons.locator(colab).get_attribute("href") == (
        f"https://colab.research.google.com/github/{owner}/blob/{config['branch']}/{name}.ipynb"
    )
    source = page.request.get(page.evaluate("a => a.href", download.element_handle()))
    assert json.loads(source.body())["nbformat"] == 4


# From disk, and links


@pytest.mark.parametrize("name", ["index.html", CHAPTER])
def test_page_works_from_disk(page, built, name):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((built / name).as_uri())
    settle(page)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.locator("article h1").is_visible()
    if name == "index.html":
        page.get_by_label("Paste the message").fill("The PyDataset has length 0")
        page.locator("#message-answer a").first.wait_for()
    else:
        assert page.locator("figure.re-explorer input").first.is_visible()


@functools.cache
def soup_of(path):
    return bs4.BeautifulSoup(path.read_text("utf-8"), "html.parser")


def broken(path, link):
    """Why a link on a built page leads nowhere, or None."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return f"{link}: no such file"
    anchor = unquote(parts.fragment)
    if anchor and target.suffix == ".html" and not soup_of(target).find(id=anchor):
        return f"{link}: no such anchor"
    return None


@pytest.mark.parametrize("name", [f"{name}.html" for name in DOCUMENTS])
def test_no_mark_of_markdown_or_rst_is_left_in_the_prose(built, name):
    texts = soup_of(built / name).find("article").find_all(string=re.compile("`"))
    assert [text for text in texts if not text.find_parent(["pre", "script"])] == []


def test_a_return_type_in_the_reference_is_a_type(built):
    fields = soup_of(built / "book" / "api.html").select("dl.field-list > dt")
    types = [f.find_next_sibling("dd").text for f in fields if f.text.startswith("Return type")]
    a_type = r"[\w.…]+((\[|, | \| )[\w.…]+|\])*"
    assert len(types) > 10
    assert [text for text in types if not re.fullmatch(a_type, text.strip())] == []


@pytest.mark.parametrize("name", PAGES)
def test_internal_links_resolve(built, name):
    path = built / name
    links = [
        tag[attribute]
        for attribute in ("href", "src")
        for tag in soup_of(path).find_all(attrs={attribute: True})
    ]
    assert links
    assert [reason for link in links if (reason := broken(path, link))] == []


def test_no_page_is_forgotten(built):
    pages = {f.relative_to(built).as_posix() for f in built.rglob("*.html")}
    pages = {page for page in pages if not page.startswith(("_static", "_sources"))}
    assert pages == set(PAGES), "pages of an older build may be left: delete _build"


# The mask table

MASK_TABLE = "book/mask-table.html"
MASK_ROWS = measure.load()["rows"]


def table_names(tab):
    return tab.locator(".mask-table tbody tr:visible th b").all_inner_texts()


def test_every_row_is_there_and_can_be_linked(page, site):
    page.goto(site + MASK_TABLE)
    ids = page.locator(".mask-table tbody tr").evaluate_all("rows => rows.map(row => row.id)")
    assert sorted(ids) == sorted(row["id"] for row in MASK_ROWS)
    doubled = """() => {const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
    return ids.filter((id, i) => ids.indexOf(id) !== i && !id.startsWith("id"))}"""
    assert page.evaluate(doubled) == []
    page.goto(f"{site}{MASK_TABLE}#lstm")
    assert page.locator("tr:target th b").inner_text() == "LSTM"


def test_the_keyboard_sorts(page, site):
    page.goto(site + MASK_TABLE)
    head = page.locator(".mask-table thead th").first
    button = head.get_by_role("button")
    assert head.get_attribute("aria-sort") is None
    before = table_names(page)
    button.focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    up = table_names(page)
    assert up != before
    assert sorted(up) == sorted(before)
    letters = [name.lower() for name in up if name.isalnum()]
    assert letters == sorted(letters)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    letters = [name.lower() for name in table_names(page) if name.isalnum()]
    assert letters == sorted(letters, reverse=True)
    page.locator(".mask-table thead th").last.get_by_role("button").press("Enter")
    assert page.locator(".mask-table [aria-sort]").count() == 1


def test_typing_and_choosing_filter(page, site):
    page.goto(site + MASK_TABLE)
    count = page.locator("#mask-count")
    assert count.get_attribute("aria-live") == "polite"
    assert count.inner_text() == f"{len(MASK_ROWS)} rows"
    page.get_by_label("Find").focus()
    page.keyboard.type("conv1d causal")
    assert table_names(page) == ["Conv1D"]
    assert count.inner_text() == "1 row"
    page.get_by_label("Find").fill("lstm")
    found = len(table_names(page))
    assert 1 < found < len(MASK_ROWS)
    page.get_by_label("Show").select_option("uses-up")
    assert 0 < len(table_names(page)) < found
    assert count.inner_text() == f"{len(table_names(page))} rows"
    page.evaluate("location.hash = 'dense'")
    page.wait_for_function("!document.getElementById('dense').hidden")
    assert count.inner_text() == f"{len(MASK_ROWS)} rows"


def test_without_script_it_is_a_table(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(site + MASK_TABLE)
    assert tab.locator(".mask-table tbody tr:visible").count() == len(MASK_ROWS)
    assert not tab.locator(".mask-controls").is_visible()
    assert tab.locator(".mask-table thead button").count() == 0
    context.close()
