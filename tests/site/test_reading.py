"""What a reader does with the site: themes, search, explorer, box for messages, mask table."""

import itertools
from urllib.parse import parse_qs, urlsplit

import notebooks
import pytest
from site_pages import CHAPTER, HTML, violations, wait_until
from site_sound import CUT_LABELS

from helpers import errors
from helpers.explore import (
    fit_explorer,
    image_explorer,
    shape_explorer,
    tail_explorer,
    value_range_explorer,
)
from helpers.figures import PALETTE
from tools.masks import measure

playwright = pytest.importorskip("playwright.sync_api", reason="the tests of the site need it")

pytestmark = pytest.mark.site


def test_theme_button_goes_round_and_icons_need_no_icon_font(page, site):
    page.goto(site)
    icon = page.locator(".search-button-field .fa-magnifying-glass")
    assert "svg" in icon.evaluate("e => getComputedStyle(e).maskImage")
    assert not list(HTML.glob("_static/vendor/fontawesome/**/*.js"))
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
    assert figure.locator("svg text").first.text_content() == "the last batch has 9 rows"
    assert not figure.locator(".re-controls").is_visible()
    tab.goto(site)
    assert tab.get_by_role("link", name="error index").first.is_visible()
    context.close()


EXPLORED = ["augmentation", "images-to-sequences", "masking-deeper", "shape-rule", "tail-batches"]
EXPLORED += ["variable-batches-deeper"]
ROOM = """figures => figures.map(figure => {
const box = figure.getBoundingClientRect(), drawn = figure.querySelector("svg");
const said = figure.querySelector("[aria-live]"), wide = drawn.getBoundingClientRect();
const scale = wide.width / drawn.viewBox.baseVal.width;
const sizes = [...drawn.querySelectorAll("text, tspan")].map(e => parseFloat(
getComputedStyle(e).fontSize) * scale);
return {high: box.height, least: Math.min(...sizes), most: Math.max(...sizes),
beside: Math.max(wide.bottom, figure.querySelector(".re-controls").getBoundingClientRect().bottom)
- box.top, unseen: said.clientWidth <= 1 && said.clientHeight <= 1 && !said.textContent}})"""


@pytest.mark.parametrize("name", EXPLORED)
def test_an_explorer_and_its_controls_are_on_one_screen(page, site, name):
    page.goto(f"{site}book/{name}.html", wait_until="load")
    figures = page.locator("figure.re-explorer")
    wide = figures.evaluate_all(ROOM)
    assert len(wide) == 1 + (name == "augmentation")
    for found in wide:
        assert found["high"] <= 560
        assert found["least"] >= 13
        assert found["most"] <= 14
        assert found["unseen"]
    page.set_viewport_size({"width": 360, "height": 740})
    for found in figures.evaluate_all(ROOM):
        assert found["least"] >= 12
        assert found["beside"] <= 600
        assert found["unseen"]


def test_all_explorers_are_tested():
    book = notebooks.ROOT / "book"
    found = {path.stem for path in book.glob("*.ipynb") if "_explorer()" in path.read_text("utf-8")}
    assert found == set(EXPLORED)


# Set the controls of the first explorer to each choice and say where the script draws otherwise.
DRAWN_OTHERWISE = """frames => {
const first = document.querySelector("figure"), drawn = first.querySelector("svg");
const boxes = [...first.querySelectorAll("input, select")];
const wanted = document.createElementNS("http://www.w3.org/2000/svg", "g");
return frames.flatMap(({positions, body, alt}) => {
  boxes.forEach((box, i) => {
    box.value = positions[i];
    box.dispatchEvent(new Event("input"));
  });
  wanted.innerHTML = body;
  const got = drawn.querySelector(":scope > g").innerHTML.replace(/#re-[0-9a-f]+-hatch/g, "#hatch");
  const faults = CUT_LABELS.map(label => "cut off: " + label);
  if (got !== wanted.innerHTML) faults.push("drawing: " + got);
  if (drawn.getAttribute("aria-label") !== alt)
    faults.push("label: " + drawn.getAttribute("aria-label"));
  return faults.map(fault => [alt, fault]);
});
}""".replace("CUT_LABELS", CUT_LABELS)


def test_script_and_python_draw_the_same_frames(page):
    explorer = tail_explorer()
    page.set_content(f"<main>{explorer.html()}{explorer.html()}</main>")
    first, second = page.locator("figure").all()
    assert first.locator("input, select").count() == len(explorer.controls)
    untouched = second.locator("svg").evaluate("e => e.outerHTML")
    frames = []
    for choice in explorer.choices():
        at = [str(list(c.values).index(choice[c.name])) for c in explorer.controls]
        drawing = explorer.frame(**choice)
        frames.append({"positions": at, "body": drawing.body, "alt": drawing.alt})
    assert len({frame["alt"] for frame in frames}) > 1
    assert page.evaluate(DRAWN_OTHERWISE, frames) == []
    assert second.locator("svg").evaluate("e => e.outerHTML") == untouched


TAILS = ("keep", "drop", "pad", "wrap")
FITS = tuple(control.values for control in fit_explorer().controls[:2])
STACKS = tuple(control.values for control in image_explorer().controls[2:])
SHAPES = shape_explorer().controls
FINE = {  # of each explorer whose drawing the site computes, some values of each control
    tail_explorer: [(*range(16, 65, 6), 63), (*range(64, 129, 5), 105), TAILS],
    fit_explorer: [*FITS, (33, 40, 45, 63)],
    image_explorer: [(4, 6, 7, 11, 16, 19), (20, 21, 26, 27), *STACKS],
    shape_explorer: [SHAPES[0].values, *((c.fine[0], c.fine[2], c.fine[-1]) for c in SHAPES[1:])],
    value_range_explorer: [
        (1, 2, 3, 5, 7, 19, 254, 255),
        [i / 100 for i in (-20, -7, -1, 0, 3, 20)],
    ],
}


@pytest.mark.parametrize("make", FINE, ids=lambda make: make.__name__)
def test_the_script_of_the_site_draws_what_python_draws(page, make):
    explorer = make()
    script = (notebooks.ROOT / "book/_static/explorers.js").read_text("utf-8")
    assert f"    {explorer.rule}: " in script.split("var RULES")[1]
    page.set_content(f"<main>{explorer.html()}</main><script>{script}</script>")
    figure, frames = page.locator("figure"), []
    highest = max(explorer.frame(**choice).height for choice in explorer.choices())
    before = figure.locator("svg").get_attribute("aria-label")
    assert before == explorer.frame(**explorer.default).alt
    assert figure.locator("[aria-live]").text_content() == ""
    for values in itertools.product(*FINE[make]):
        pairs = list(zip(explorer.controls, values, strict=True))
        at = [str(list(c.fine or c.values).index(value)) for c, value in pairs]
        drawing = explorer.frame(**{c.name: value for c, value in pairs})
        assert drawing.height <= highest
        frames.append({"positions": at, "body": drawing.body, "alt": drawing.alt})
    assert page.evaluate(DRAWN_OTHERWISE, frames) == []
    for slider in figure.locator("input[type=range]").all():
        value = slider.get_attribute("aria-valuetext")
        slider.press("Home")
        slider.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") != value
        assert figure.locator("[aria-live]").text_content() == (
            figure.locator("svg").get_attribute("aria-label")
        )


# The title page


def test_message_box_finds_the_entry(page, site):
    message = "ValueError: The PyDataset has length 0"
    wrapped = "Traceback (most recent call last):\n  …\n" + message.replace(" ", "\n    ")
    entry = errors.find(message)
    assert errors.find(wrapped) == entry
    page.goto(site)
    box, answer = page.get_by_label("Paste the message"), page.locator("#message-answer")
    assert not answer.is_visible()
    box.fill("KeyError: 'no such message'")
    answer.get_by_text("No entry matches this message").wait_for()
    assert violations(page) == []
    warning = "Your `PyDataset` class should call `super().__init__(**kwargs)` in its constructor"
    warned = f"UserWarning: {warning}\n{message}"
    hostile = "calling MultiHeadAttention.call(). " * 30_000 + "Incompatible shapes: " * 50_000
    for pasted in (wrapped, warned, hostile + message, message):
        box.fill("")
        answer.wait_for(state="hidden")
        box.fill(pasted)
        answer.get_by_text(entry.title).wait_for()
    assert answer.get_attribute("aria-live") == "polite"
    code = answer.locator("pre").inner_text()
    assert "math.ceil(len(self.x) / self.batch_size)" in code
    answer.get_by_role("button", name="Copy").press("Enter")
    answer.get_by_role("button", name="Copied").wait_for()
    assert violations(page) == []
    answer.get_by_role("link", name="Its page").press("Enter")
    page.wait_for_url(f"**/book/messages/{entry.id}.html")
    assert page.get_by_role("heading", name="Use instead").is_visible()


def test_messages_that_cannot_be_loaded_are_no_missing_answer(browser, site):
    page = browser.new_page()  # the console may tell of the failure
    page.route("**/error-index.js", lambda route: route.abort())
    page.goto(site)
    page.get_by_label("Paste the message").fill("ValueError: The PyDataset has length 0")
    answer = page.locator("#message-answer")
    answer.get_by_text("could not be loaded").wait_for()
    assert answer.get_by_text("No entry").count() == 0
    page.close()


def test_what_is_not_listed_can_be_reported_without_what_is_private(page, site):
    message = (
        "ValueError: the mask of this layer and the sequences of the batch: masking destroyed, "
        "cardinality ambiguous, tensor from '/home/anna/x.csv'"
    )
    page.goto(site)
    box, answer = page.get_by_label("Paste the message"), page.locator("#message-answer")
    box.focus()
    wait_until(page, "Boolean(window.RAGGED_ERRORS)")
    page.evaluate("window.RAGGED_REPOSITORY = 'https://github.com/someone/book'")
    assert "nothing is sent" in box.evaluate(
        "e => e.getAttribute('aria-describedby') && "
        "document.getElementById(e.getAttribute('aria-describedby')).textContent"
    )
    box.fill(message)
    answer.get_by_text("as guesses").wait_for()
    assert answer.locator("li a").count() == 2
    shown = answer.locator("pre").inner_text()
    assert shown == message.replace("'/home/anna/x.csv'", "<path>")
    report = answer.get_by_role("link", name="report")
    filled = parse_qs(urlsplit(report.get_attribute("href")).query)
    assert shown in filled["body"][0]
    assert "anna" not in str(filled)
    assert violations(page) == []
    page.evaluate("window.RAGGED_REPOSITORY = ''")
    box.fill(f"{message} again")
    answer.get_by_text("does not know where").wait_for()
    assert report.count() == 0


def test_from_the_title_page_to_the_fix_in_two_clicks(page, site):
    page.goto(site)
    page.get_by_role("link", name="The last batch is smaller and something raises").click()
    page.wait_for_url("**/book/tail-batches.html#*")
    anchor = urlsplit(page.url).fragment
    heading = page.locator(f"[id='{anchor}'] :is(h2, h3)").first
    assert "fix" in heading.inner_text().lower()
    wait_until(page, "h => h.getBoundingClientRect().y < 900", arg=heading.element_handle())


def test_a_link_jumps_and_does_not_fly_through_the_page(page, site):
    page.goto(site + CHAPTER)
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


# From disk


@pytest.mark.parametrize("name", ["index.html", CHAPTER])
def test_page_works_from_disk(page, built, name):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((built / name).as_uri())
    assert page.locator("article h1").is_visible()
    if name == "index.html":
        page.get_by_label("Paste the message").fill("The PyDataset has length 0")
        page.locator("#message-answer a").first.wait_for()
    else:
        assert page.locator("figure.re-explorer input").first.is_visible()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_search_works_from_disk(browser, built):
    context = browser.new_context()  # its console says that summaries cannot be fetched there
    tab = context.new_page()
    tab.goto((built / "index.html").as_uri())
    tab.evaluate("document.querySelector('form.bd-search input').value = 'batch'")
    tab.evaluate("document.querySelector('form.bd-search').submit()")
    hit = tab.locator(f"ul.search li a[href*='{CHAPTER}']").first
    playwright.expect(hit).to_be_visible()
    context.close()


# Text that gets into a page as markup

HOSTILE = """async () => {
const blocked = new Set(), elsewhere = "https://elsewhere.invalid/";
document.addEventListener("securitypolicyviolation", e => blocked.add(e.effectiveDirective));
document.body.insertAdjacentHTML("beforeend", `<img src="data:," onerror="window.ran = true">
  <img src="${elsewhere}"><style>p {color: red}</style><object data="${elsewhere}"></object>
  <iframe src="${elsewhere}"></iframe><form action="${elsewhere}"></form>`);
const script = document.createElement("script");
script.textContent = "window.ran = true";
document.body.append(script);
try { await fetch(elsewhere) } catch {}
document.querySelector("body > form").submit();
for (let i = 0; i < 100 && blocked.size < 8; i++) await new Promise(then => setTimeout(then, 50));
return {blocked: [...blocked].sort(), ran: "ran" in window, at: location.href};
}"""
BLOCKED = ["connect-src", "form-action", "frame-src", "img-src", "object-src"]
BLOCKED += ["script-src-attr", "script-src-elem", "style-src-elem"]


@pytest.mark.parametrize("place", ["server", "disk"])
def test_foreign_markup_neither_runs_nor_calls_another_host(browser, site, built, place):
    address = (site if place == "server" else f"{built.as_uri()}/") + "book/glossary.html"
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(address)
    found = tab.evaluate(HOSTILE)
    context.close()
    assert found == {"blocked": BLOCKED, "ran": False, "at": address}


# The pages of messages and their index

FIRST_CODE = "document.querySelector('article pre').getBoundingClientRect().y"


@pytest.mark.parametrize(("width", "most"), [(1280, 900), (360, 1000)])
def test_code_to_use_instead_begins_on_the_first_screen(page, site, width, most):
    page.set_viewport_size({"width": width, "height": 900})
    for row in sorted(errors.catalogue(), key=lambda row: -len(row.cause + row.fix))[:8]:
        page.goto(f"{site}book/messages/{row.id}.html")
        assert page.evaluate(FIRST_CODE) < most, row.id


INDEX = "book/error-index.html"


def test_an_old_link_to_a_message_leads_to_its_page(page, site):
    page.goto(f"{site}{INDEX}#dataset-length-zero")
    page.wait_for_url("**/book/messages/dataset-length-zero.html")
    assert page.get_by_role("heading", name="The PyDataset has length 0").is_visible()


def test_messages_are_found_by_their_words_and_by_chapter(page, site):
    page.goto(site + INDEX)
    rows = page.locator(".messages-table tbody tr:visible")
    assert rows.count() == len(errors.catalogue())
    page.get_by_label("Find").focus()
    page.keyboard.type("pydataset length 0")
    assert rows.evaluate_all("rows => rows.map(row => row.id)") == ["dataset-length-zero"]
    page.get_by_label("Find").fill("")
    page.get_by_label("Show").select_option("masking")
    kinds = rows.evaluate_all("rows => rows.map(row => row.dataset.kinds)")
    assert set(kinds) == {"masking"}
    chapters = [row.chapter.split("#")[0] for row in errors.catalogue()]
    assert len(kinds) == chapters.count("masking") + chapters.count("masking-deeper")
    page.locator("select[name=axis]").select_option("time")
    page.get_by_label("Exception").select_option("ValueError")
    page.get_by_label("Layer").select_option("Concatenate")
    ids = rows.evaluate_all("rows => rows.map(row => row.id)")
    assert ids == ["sequences-of-two-lengths-concatenated"]
    assert violations(page) == []


# The mask table

MASK_TABLE = "book/mask-table.html"
MASK_ROWS = measure.load()["rows"]


def table_names(tab):
    return tab.locator(".filtered-table tbody tr:visible th b").all_inner_texts()


def test_every_row_is_there_and_can_be_linked(page, site):
    page.goto(site + MASK_TABLE)
    ids = page.locator(".filtered-table tbody tr").evaluate_all("rows => rows.map(row => row.id)")
    assert sorted(ids) == sorted(row["id"] for row in MASK_ROWS)
    doubled = """() => {const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
    return ids.filter((id, i) => ids.indexOf(id) !== i && !id.startsWith("id"))}"""
    assert page.evaluate(doubled) == []
    page.goto(f"{site}{MASK_TABLE}#lstm")
    assert page.locator("tr:target th b").inner_text() == "LSTM"


def test_the_keyboard_sorts(page, site):
    page.goto(site + MASK_TABLE)
    head = page.locator(".filtered-table thead th").first
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
    page.locator(".filtered-table thead th").last.get_by_role("button").press("Enter")
    assert page.locator(".filtered-table [aria-sort]").count() == 1


def test_typing_and_choosing_filter(page, site):
    page.goto(site + MASK_TABLE)
    count = page.locator(".table-controls output")
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
    wait_until(page, "!document.getElementById('dense').hidden")
    assert count.inner_text() == f"{len(MASK_ROWS)} rows"


def test_without_script_it_is_a_table(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(site + MASK_TABLE)
    assert tab.locator(".filtered-table tbody tr:visible").count() == len(MASK_ROWS)
    assert not tab.locator(".table-controls").is_visible()
    assert tab.locator(".filtered-table thead button").count() == 0
    context.close()
