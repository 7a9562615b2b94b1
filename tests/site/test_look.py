"""The faces, the scale of headings, the measure of text and the one style sheet."""

import html
import re

import pytest
import subset_fonts
from site_pages import HTML

from book._ext import one_stylesheet

pytestmark = pytest.mark.site

FONTS = HTML / "_static" / "fonts"
MAX_FONT_BYTES = 120_000
# What no face of ours has, and every system's own: in formulas, and in what Keras prints.
FROM_THE_SYSTEM = set("⌈⌉⌊⌋∈⋮⋯\u200b\u2061\u2062\ufeff\n\t")

USED = """async () => {
for (const face of ["16px 'Ragged Text'", "italic 16px 'Ragged Text'", "16px 'Ragged Code'"])
  await document.fonts.load(face);
const face = place => getComputedStyle(document.querySelector(place)).fontFamily;
const loaded = [...document.fonts].filter(f => f.status === "loaded");
return {loaded: loaded.map(f => f.family.replace(/"/g, "") + " " + f.style).sort(),
text: face("article p"), code: face("article pre")}}"""

# The width that a text takes in the face that the page asks for, and in that of the system
WIDTHS = """() => {const canvas = document.createElement("canvas").getContext("2d");
const wide = font => {canvas.font = font; return canvas.measureText("What is ragged").width};
return [wide("16px 'Ragged Text', monospace"), wide("16px monospace")]}"""

SCALE = """() => Object.fromEntries(["h1", "h2", "h3", "p"].map(tag => {
const s = getComputedStyle(document.querySelector("article " + tag));
return [tag, [parseFloat(s.fontSize), parseInt(s.fontWeight)]]}))"""

# Characters on each full line of the paragraphs of running text
LINES = """() => [...document.querySelectorAll("article p")].filter(p => p.textContent.length > 200
&& !p.querySelector("code") && !p.closest("table, figure, details, .admonition, li, .cell_output"))
.flatMap(p => {
  const lines = {}, range = document.createRange();
  const walk = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode()); ) for (let i = 0; i < node.data.length; i++) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const y = Math.round(range.getBoundingClientRect().bottom / 8);
    lines[y] = (lines[y] || 0) + 1;
  }
  return Object.values(lines).slice(0, -1);
})"""


# All characters of a face, on a page
SHOW = """async ([face, text]) => {
const all = document.createElement("p");
all.id = "all";
all.style.font = face;
all.textContent = text;
document.body.append(all);
await document.fonts.load(face, text);
}"""


def characters(path):
    """The characters of text on a built page, and in the drawings on it."""
    text = re.sub(r"<(script|style)\b.*?</\1", "", path.read_text("utf-8"), flags=re.DOTALL)
    return set(html.unescape(re.sub("<[^>]*>", "", text)))


def test_the_faces_hold_every_character_of_the_pages(built):
    held = FROM_THE_SYSTEM | {chr(code) for code in (*subset_fonts.CHARACTERS, *subset_fonts.DRAWN)}
    missing = {}
    for path in built.rglob("*.html"):
        for character in characters(path) - held:
            missing.setdefault(character, path.relative_to(built).as_posix())
    assert missing == {}


@pytest.mark.parametrize(
    ("face", "codes"),
    [
        ("400 16px 'Ragged Text'", subset_fonts.CHARACTERS),
        ("italic 400 16px 'Ragged Text'", subset_fonts.CHARACTERS),
        ("400 16px 'Ragged Code'", [*subset_fonts.CHARACTERS, *subset_fonts.DRAWN]),
    ],
)
def test_a_face_holds_what_its_list_says(page, site, face, codes):
    page.goto(f"{site}book/glossary.html")
    text = "".join(map(chr, codes))
    page.evaluate(SHOW, [face, text])
    devtools = page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        devtools.send(f"{domain}.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    node = devtools.send("DOM.querySelector", {"nodeId": root, "selector": "#all"})
    fonts = devtools.send("CSS.getPlatformFontsForNode", node)["fonts"]
    assert {font["isCustomFont"] for font in fonts} == {True}, fonts


def test_faces_are_small_and_their_licence_is_beside_them(built):
    faces = sorted(path.name for path in FONTS.glob("*.woff2"))
    assert faces == ["code.woff2", "text-italic.woff2", "text.woff2"]
    assert sum((FONTS / name).stat().st_size for name in faces) <= MAX_FONT_BYTES
    assert "SIL Open Font License, Version 1.1" in (FONTS / "LICENSE.md").read_text("utf-8")


@pytest.mark.parametrize("place", ["server", "disk"])
def test_a_page_is_set_in_its_own_faces(page, site, built, place):
    page.goto((site if place == "server" else f"{built.as_uri()}/") + "book/masking.html")
    found = page.evaluate(USED)
    faces = ["Ragged Code normal", "Ragged Text italic", "Ragged Text normal"]
    assert found["loaded"] == faces
    assert found["text"].startswith('"Ragged Text"')
    assert found["code"].startswith('"Ragged Code"')
    own, system = page.evaluate(WIDTHS)
    assert own != system


@pytest.mark.parametrize("width", [360, 1280])
def test_a_heading_is_larger_and_heavier_than_what_stands_under_it(page, site, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}book/masking-deeper.html")
    sizes = page.evaluate(SCALE)
    for above, below in (("h1", "h2"), ("h2", "h3"), ("h3", "p")):
        assert sizes[above][0] > sizes[below][0], above
        assert sizes[above][1] > sizes[below][1], above


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("name", ["book/masking-deeper", "book/status"])
def test_a_line_of_text_has_65_to_75_characters(page, site, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}{name}.html")
    page.evaluate("document.fonts.ready")
    lines = page.evaluate(LINES)
    assert len(lines) >= 5
    assert 65 <= sum(lines) / len(lines) <= 75


# The one style sheet


def test_a_page_asks_for_one_style_sheet(built):
    for name in ("index.html", "book/masking.html", "search.html"):
        links = re.findall(r"<link[^>]*stylesheet[^>]*>", (built / name).read_text("utf-8"))
        assert len(links) == 1
        assert "_static/book.css?v=" in links[0]


@pytest.mark.parametrize(
    ("sheet", "kept"),
    [
        ("/* a { } */ .on { color: red }", ".on {color: red}"),
        (".off { color: red } p {margin: 0}", "p {margin: 0}"),
        (".on, .off p { color: red }", ".on {color: red}"),
        (".on:not(.off, .gone) { top: 0 }", ".on:not(.off, .gone) {top: 0}"),
        (":is(.on, .off) > p { top: 0 }", ":is(.on, .off) > p {top: 0}"),
        ("@media print { .off { top: 0 } }", ""),
        ("@media print { .off { top: 0 } .on { top: 0 } }", "@media print {\n.on {top: 0}\n}"),
        ("@font-face { src: url(a;b) }", "@font-face {src: url(a;b)}"),
        ('.on::before { content: "}/*" }', '.on::before {content: "}/*"}'),
        ('@charset "UTF-8"; p { top: 0 }', "p {top: 0}"),
        (r".col-1\/2 { top: 0 }", ""),
        ("p { }", ""),
    ],
)
def test_only_rules_for_classes_that_are_missing_go(sheet, kept):
    assert one_stylesheet.without_unused(sheet, {"on"}) == kept


def test_an_import_is_refused():
    with pytest.raises(ValueError, match=r"none with @import, got '@import"):
        one_stylesheet.without_unused('@import "a.css";', set())
