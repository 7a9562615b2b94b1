"""The reference of `helpers`: a page for each module, and an index that knows old addresses."""

import html
import importlib
import inspect
import re

import pytest
from site_pages import HTML, REFERENCE, ROOT, markup_of, wait_until

pytestmark = pytest.mark.site

PAGES = sorted((ROOT / "book/api").glob("*.md"))
# Of `figures` and `explore` what draws for readers; of the rest, what makers of the book need.
NOT_SHOWN = {
    "helpers.devices": {"Cell", "main"},
    "helpers.explore": {"leaky_states"},
    "helpers.figures": {"column_cells", "css", "figcaption", "pixels", "reach", "step_cells"}
    | {"svg_element"},
    "helpers.gpu_cells": {"StepTimer", "crnn", "epoch_seconds", "forget_compiled", "lstm_model"}
    | {"sequence_model", "train_seconds", "unless_refused"},
    "helpers.padding": {"as_rows", "check_options", "check_packed", "fill_bins", "fill_value"}
    | {"fitted_size", "segments_of"},
}
# What the one page had: its headings, its modules, and some of each kind of thing.
OLD = {
    "data-real-data-that-comes-with-the-book",
    "batching-which-rows-share-a-batch",
    "padding-rows-of-varying-length-to-an-array-and-a-mask-or-packed-and-back",
    "feeding-a-plan-and-the-rows-to-a-dataset",
    "masking-where-masks-live-and-die-and-whether-padding-changes-the-answers",
    "images-images-of-varying-size-and-the-ways-from-them-to-a-sequence",
    "augmentation-augmented-images-clips-and-masks-that-keep-their-shapes",
    "errors-what-a-message-means",
    "figures-plans-and-numbers-drawn",
    "explore-interactive-figures",
    "compiling-what-xla-compiles",
    "devices-measurements-on-a-gpu",
    "labs-the-checks-of-the-labs",
    "module-helpers.data",
    "module-helpers.gpu_cells",
    "module-helpers.labs.given",
    "helpers.batching.fixed",
    "helpers.batching.Plan.never_seen",
    "helpers.padding.Packed.segments",
    "helpers.feeding.PlannedDataset.epoch",
    "helpers.masking.Trace.lost",
    "helpers.augmentation.ContractError.axis",
    "helpers.errors.Entry.wording_on",
    "helpers.gpu_cells.cudnn_masks",
    "helpers.labs.given.crops",
}


def shown(page):
    """The objects that a page names, by their module."""
    parts = re.findall(r"```\{helpers\} (\S+)\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return {
        module: [line.partition(":")[0] for line in body.split("\n") if line and line[0] != ":"]
        for module, body in parts
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_all_that_its_module_offers(page):
    for module, names in shown(page).items():
        loaded = importlib.import_module(module)
        offered = getattr(loaded, "__all__", None) or [
            name for name, it in vars(loaded).items() if getattr(it, "__module__", "") == module
        ]
        public = {n for n in offered if callable(getattr(loaded, n)) and not n.startswith("_")}
        assert len(names) == len(set(names))
        assert set(names) == public - NOT_SHOWN.get(module, set()), f"book/api/{page.name}"


@pytest.mark.parametrize("name", REFERENCE)
def test_a_page_begins_with_its_purpose_and_a_table_of_what_it_describes(built, name):
    page = ROOT / name.replace(".html", ".md")
    text = (built / name).read_text("utf-8")
    text = text[text.index("<article") :]
    first = re.search(r"<p>(.*?)</p>", text, re.DOTALL)
    tables = re.findall(r'<table class="api-table.*?</table>', text, re.DOTALL)
    assert len(tables) == len(shown(page))
    assert text.index("<h1") < first.start() < text.index(tables[0]) < text.index('<dl class="py')
    for (module, names), table in zip(shown(page).items(), tables, strict=True):
        rows = re.findall(r'<a [^>]*href="#([^"]+)".*?</a>.*?<td>(.*?)</td>', table, re.DOTALL)
        assert [target for target, _ in rows] == [f"{module}.{name}" for name in names]
        for (target, said), each in zip(rows, names, strict=True):
            line = inspect.getdoc(getattr(importlib.import_module(module), each)).split("\n")[0]
            assert target in markup_of(built / name).ids
            assert letters(html.unescape(re.sub("<[^>]+>", "", said))) == letters(line), target


def letters(text):
    """A text without the marks and quotes that a page sets otherwise."""
    return re.sub(r":\w+:|[^\w()]", "", text).replace("()", "")


def test_the_index_leads_to_every_page_and_object(built):
    text = (built / "book/api.html").read_text("utf-8")
    for page in PAGES:
        assert f'<dt><a href="api/{page.stem}.html">' in text
        for module, names in shown(page).items():
            for name in names:
                full = f"{module}.{name}"
                assert f'<a id="{full}" href="api/{page.stem}.html#{full}">' in text


def test_every_object_of_a_page_has_its_old_address(built):
    old = markup_of(built / "book/api.html").ids
    assert old >= OLD
    for name in REFERENCE:
        ids = {each for each in markup_of(built / name).ids if each.startswith("helpers.")}
        assert ids
        assert ids <= old, name


def test_no_key_of_the_bibliography_is_in_the_reference(built):
    keys = re.findall(r"^@\w+\{(\w+),", (ROOT / "book/references.bib").read_text("utf-8"), re.M)
    cited = set()
    for name in REFERENCE:
        text = (built / name).read_text("utf-8")
        links = re.findall(r'href="\.\./bibliography\.html#(\w+)"', text)
        cited.update(links)
        prose = re.sub("<[^>]+>", "", text)
        assert [key for key in keys if re.search(rf"\b{key}\b", prose)] == []
    assert {"kudo1999", "alpaydin1998", "graves2006", "krell2021"} <= cited <= set(keys)


@pytest.mark.parametrize("origin", ["site", "disk"])
def test_an_old_address_leads_to_the_page_that_has_its_place(page, site, origin):
    start = site if origin == "site" else f"{HTML.as_uri()}/"
    for anchor, target in {
        "helpers.batching.fixed": "batching",
        "helpers.feeding.PlannedDataset.epoch": "feeding",
        "errors-what-a-message-means": "errors",
        "module-helpers.labs.given": "labs",
    }.items():
        page.goto(f"{start}book/api.html#{anchor}")
        wait_until(page, f"document.title && location.pathname.endsWith('/api/{target}.html')")
        if anchor.startswith("helpers."):
            found = page.locator(f'[id="{anchor}"]')
            assert found.evaluate("e => e.getBoundingClientRect().top < innerHeight")


def test_without_script_an_old_address_shows_the_index_at_the_link(browser, site):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 900}
    )
    tab = context.new_page()
    tab.goto(f"{site}book/api.html#helpers.labs.given.crops")
    link = tab.locator('[id="helpers.labs.given.crops"]')
    assert tab.url.endswith("api.html#helpers.labs.given.crops")
    assert 0 <= link.bounding_box()["y"] < 900
    assert link.get_attribute("href") == "api/labs.html#helpers.labs.given.crops"
    context.close()


@pytest.mark.parametrize(
    ("module", "page"),
    [
        ("augmentation", "one-draw"),
        ("batching", "plans"),
        ("feeding", "feeding"),
        ("masking", "leak-and-trace"),
    ],
)
def test_the_sentence_and_the_docstrings_lead_to_the_page_that_says_more(built, module, page):
    links = markup_of(built / f"book/api/{module}.html").links
    text = (built / f"book/api/{module}.html").read_text("utf-8")
    text = text[text.index("<article") : text.index('class="prev-next-area"')]
    assert len(re.findall(rf'href="\.\./{page}\.html"', text)) >= 2
    assert f"{page}.html" not in links


def test_the_code_of_the_index_trains_a_model():
    import keras
    import numpy as np

    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "book/api.md").read_text("utf-8"), re.S)
    rows = [np.ones((n, 3), "float32") for n in (4, 7, 5, 9) * 10]
    inputs = keras.Input((None, 3))
    masked = keras.layers.Masking()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.LSTM(2)(masked)))
    model.compile("sgd", "mse")
    exec(code, {"rows": rows, "y": np.zeros((40, 1), "float32"), "model": model})
    assert int(model.optimizer.iterations) == 2


def test_each_term_and_each_work_has_an_anchor(built):
    terms = re.findall(r"^([A-Za-z][\w ]*)$", (ROOT / "book/glossary.md").read_text("utf-8"), re.M)
    assert len(terms) > 30
    ids = markup_of(built / "book/glossary.html").ids
    assert [t for t in terms if f"term-{t.replace(' ', '-')}" not in ids] == []
    keys = re.findall(r"^@\w+\{(\w+),", (ROOT / "book/references.bib").read_text("utf-8"), re.M)
    assert set(keys) <= markup_of(built / "book/bibliography.html").ids


def test_each_term_leads_to_where_it_is_shown(built):
    text = (built / "book/glossary.html").read_text("utf-8")
    meanings = re.findall(r"<dd>(.*?)</dd>", text[text.index("<article") :], re.DOTALL)
    assert len(meanings) > 30
    assert [m for m in meanings if not re.search(r'Shown in <a [^>]*href="[\w-]+\.html#', m)] == []
