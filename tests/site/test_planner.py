"""The planner: lengths in, the table and the code out, all of it in the page."""

import numpy as np
import pytest
from site_pages import violations, wait_until
from site_sound import CUT_LABELS, CUT_OFF, CUT_UNTOLD

from helpers import batching
from helpers.data import random_lengths

playwright = pytest.importorskip("playwright.sync_api", reason="the tests of the site need it")

pytestmark = pytest.mark.site

PLANNER = "book/plan.html"
DONE = "text => document.getElementById('planner-status').textContent.includes(text)"


COMES = """(box, [kind, text]) => {
const data = new DataTransfer(), options = {bubbles: true, cancelable: true};
if (kind === "file") data.items.add(new File([text], "lengths.txt"));
else data.setData("text/plain", text);
const event = kind === "paste" ? new ClipboardEvent(kind, {clipboardData: data, ...options})
  : new DragEvent("drop", {dataTransfer: data, ...options});
return !box.dispatchEvent(event)}"""


def come(page, kind, lengths):
    """Paste lengths, or drop them as a text or a file: whether the page took them itself."""
    text = "\n".join(map(str, lengths))
    return page.get_by_label("Lengths of your rows").evaluate(COMES, [kind, text])


def filled(page, address, lengths):
    page.goto(address)
    if len(lengths) < 250 or not come(page, "paste", lengths):
        page.get_by_label("Lengths of your rows").fill("\n".join(map(str, lengths)))
    wait_until(page, DONE, f"{len(lengths):,} length")
    return page.locator("#planner-result")


ROWS = """[...document.querySelectorAll("#planner-result tbody tr")].map(row =>
[...row.cells].map(cell => cell.textContent.trim().replace(/\\s+/g, " ")))"""


def test_the_table_is_that_of_recommend(page, site):
    lengths = random_lengths(3_000)
    filled(page, site + PLANNER, lengths)
    for kind in batching.COSTS:
        page.get_by_label("Model").select_option(kind)
        page.get_by_label("Most cells").fill("20,000" if kind == "quadratic" else "")
        most = 20_000 if kind == "quadratic" else None
        advice = batching.recommend(lengths, kind, most_cells=most, quantiles=True, shuffle=None)
        table = []
        for option in advice.table:
            over = f"{option.over:,.2f}"
            if option.name == "rows as they come":
                size = int(option.code.split(", ")[1])
                cost = batching.expected_cost(lengths, size, kind)
                ideal = (lengths.astype(float) ** (2 if kind == "quadratic" else 1)).sum()
                over = f"{cost * (32 if kind == 'steps' else 1) / ideal:,.2f}"
            name = option.name + " recommended" * (option.name == advice.name)
            table.append([name, over, f"{option.shapes:,}"])
        wait_until(page, f"table => JSON.stringify({ROWS}) === JSON.stringify(table)", table)
        assert f": take {advice.name}, " in page.locator("#planner-status").inner_text()


def test_code_and_edges_are_those_of_the_plan_that_is_chosen(page, site):
    lengths = random_lengths(500)
    result = filled(page, site + PLANNER, lengths)
    result.get_by_label("8 buckets", exact=True).check()
    ours, plain = result.locator("pre").all_inner_texts()
    edges = batching.ladder(lengths, 8)
    plan = "plan = bucketed(lengths, 32, ladder(lengths, 8), tail='even', shuffle=0)"
    assert ours == f"from helpers.batching import bucketed, ladder\n\n{plan}"
    assert f"bucket_boundaries={(edges + 1).tolist()}" in plain
    assert "; ".join(map(str, edges.tolist())) in result.locator("svg").get_attribute("aria-label")
    result.get_by_role("button", name="Copy").first.press("Enter")
    result.get_by_role("button", name="Copied").wait_for()
    result.get_by_label("rows as they come").check()
    assert "padded_batch(32)" in result.locator("pre").last.inner_text()
    result.get_by_label("rows as they come").press("ArrowDown")
    assert result.get_by_label("grouped by length").is_checked()
    assert result.locator("pre").count() == 1


@pytest.mark.slow
def test_the_code_with_tf_data_makes_the_batches_that_the_table_counts(page, site):
    import tensorflow as tf

    lengths = np.array([3, 9, 30, 4, 4, 17, 30, 2, 9, 12] * 9)
    pairs = tf.data.Dataset.from_tensor_slices(lengths)
    pairs = pairs.map(lambda steps: (tf.zeros((steps, 2)), steps))
    result = filled(page, site + PLANNER, lengths)
    page.get_by_label("Most cells").fill("240")
    wait_until(page, "document.querySelector('#planner-result pre').textContent.includes('240')")
    result.get_by_label("4 buckets", exact=True).check()
    names = {"pairs": pairs}
    exec(result.locator("pre").last.inner_text(), names)
    edges = batching.ladder(lengths, 4).tolist()
    seen = set()
    for rows, steps in names["batches"]:
        assert rows.shape[1] in edges
        assert rows.shape[0] * rows.shape[1] <= 240
        assert steps.numpy().max() <= rows.shape[1]
        seen.add(rows.shape[1])
    assert sorted(seen) == edges


def test_a_fault_is_named_by_its_line_and_by_its_field(page, site):
    page.goto(site + PLANNER)
    box, said = page.get_by_label("Lengths of your rows"), page.locator("#planner-status")
    assert said.get_attribute("aria-live") == "polite"
    box.fill("length\n3\n4")
    wait_until(page, DONE, "Line 1, “length”, looks like a header")
    assert box.get_attribute("aria-invalid") == "true"
    assert not page.locator("#planner-result").is_visible()
    assert violations(page) == []
    box.fill("3\n900\n4")
    wait_until(page, DONE, "3 lengths: take")
    assert box.get_attribute("aria-invalid") is None
    page.get_by_label("Most cells").fill("8")
    wait_until(page, DONE, "Most cells: expected at least 900, the longest length, got 8.")
    page.get_by_label("Most cells").fill("")
    page.get_by_label("Batch size").fill("-2")
    wait_until(page, DONE, "Batch size: expected a whole number from 1 to 1,000,000, got -2.")
    assert page.get_by_label("Batch size").get_attribute("aria-invalid") == "true"


def test_what_is_chosen_is_in_the_address_and_the_lengths_if_they_are_few(page, site):
    few = list(range(1, 201))
    filled(page, site + PLANNER, few)
    page.get_by_label("Model").select_option("steps")
    page.get_by_label("Batch size").fill("8")
    page.get_by_label("Most cells").fill("1000")
    page.get_by_label("Compiled by XLA").check()
    wait_until(page, "location.hash.includes('cells=1000') && location.hash.includes('jit=1')")
    address, table = page.url, page.evaluate(ROWS)
    page.goto("about:blank")
    page.goto(address)
    wait_until(page, DONE, "200 lengths")
    assert page.evaluate(ROWS) == table
    assert page.get_by_label("Batch size").input_value() == "8"
    page.get_by_label("Lengths of your rows").fill("\n".join(map(str, [*few, 201])))
    wait_until(page, DONE, "201 lengths")
    assert "lengths" not in page.url
    assert "cells=1000" in page.url


def test_a_million_lengths_of_a_file_are_planned(page, site, tmp_path):
    path = tmp_path / "lengths.csv"
    np.savetxt(path, random_lengths(1_000_000), "%d")
    page.goto(site + PLANNER)
    page.get_by_label("File").set_input_files(path)
    wait_until(page, DONE, "1,000,000 lengths: take")
    assert page.get_by_label("Lengths of your rows").input_value() == ""
    assert page.locator("#planner-result tbody tr").count() == 12


def test_what_is_pasted_and_dropped_is_taken_and_a_long_text_is_kept_beside_the_box(page, site):
    page.goto(site + PLANNER)
    box = page.get_by_label("Lengths of your rows")
    for kind, count, lines in (
        ("paste", 5_000, 5_000),
        ("paste", 40_000, 1),
        ("drop", 7_000, 7_000),
        ("drop", 50_000, 1),
        ("file", 9, 1),
    ):
        box.fill("")
        assert come(page, kind, [3] * count)
        wait_until(page, DONE, f"{count:,} lengths: take one length")
        assert len(box.input_value().split("\n")) == lines
    assert "lengths.txt" in box.get_attribute("placeholder")
    assert not come(page, "paste", [3])  # the browser does that
    box.fill("4")
    wait_until(page, DONE, "1 length: take")
    assert "lengths.txt" not in box.get_attribute("placeholder")


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_shown_is_readable_on_a_phone_and_in_the_dark(page, site, dark):
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.goto(site + PLANNER)
    page.get_by_role("button", name="Use an example").press("Enter")
    wait_until(page, DONE, "1,000 lengths")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(CUT_LABELS) == []
    assert page.evaluate(CUT_UNTOLD) == []
    lengths = page.locator("#planner-result svg").bounding_box()
    assert lengths["x"] >= 8  # not at the very edge
    heights = page.locator(".planner-fields :is(input, select):not([type=checkbox])").evaluate_all(
        "all => all.map(e => Math.round(e.getBoundingClientRect().height))"
    )
    assert len(set(heights)) == 1
    assert violations(page) == []


@pytest.mark.parametrize("workers", [True, False])
def test_it_works_from_disk_with_a_worker_and_without(page, built, workers):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    if not workers:
        page.add_init_script("window.Worker = function () { throw new Error('none'); }")
    result = filled(page, (built / PLANNER).as_uri(), [3, 5, 9, 900])
    assert result.is_visible()
    assert len(page.workers) == workers
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    page.evaluate("location.hash = 'model=steps&batch=2&lengths=4,5'")
    wait_until(page, DONE, "2 lengths")


def test_without_script_it_says_what_to_do(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(site + PLANNER)
    assert tab.get_by_text("The planner needs JavaScript").is_visible()
    assert "batching.recommend(" in tab.locator("article pre").first.inner_text()
    assert not tab.locator("#planner").is_visible()
    context.close()
