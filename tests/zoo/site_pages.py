"""What the tests of the built site share: its pages, its links, and axe."""

import functools
import json
import os
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from book._ext.catalogues import rules
from helpers import errors
from helpers.errors import silent

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
CHAPTER = "book/tail-batches.html"


def toc_documents() -> list[str]:
    """Every document of _toc.yml, in its order, without suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [c for part in toc.get("parts", []) for c in part["chapters"]]
    pages = [each for c in chapters for each in [c, *c.get("sections", [])]]
    return [toc["root"], *(c["file"] for c in [*toc.get("chapters", []), *pages])]


SOLUTIONS = sorted(f"labs/solutions/{f.stem}" for f in (ROOT / "labs/solutions").glob("*.ipynb"))
DOCUMENTS = [*toc_documents(), *SOLUTIONS]  # no table of contents has the solutions
MADE = ["search.html", "genindex.html", "404.html"]  # by Sphinx, from no document of ours
# A page for each message, failure without one and rule of the audit, from three patterns: a few are
# opened in the browser.
MESSAGES = [
    *(f"book/messages/{row.id}.html" for row in errors.catalogue()),
    *(f"book/symptoms/{symptom.id}.html" for symptom in silent.catalogue()),
    *(f"book/audit-rules/{rule.said['name']}.html" for rule in rules.catalogue()),
]
REFERENCE = [f"{name}.html" for name in DOCUMENTS if name.startswith("book/api/")]  # and so is it
SOME = ["image-into-a-recurrent-layer", "dataset-length-zero", "mask-destroyed-by-a-layer"]
PAGES = [
    *(f"{name}.html" for name in DOCUMENTS if not name.startswith("book/api/")),
    *(f"book/api/{name}.html" for name in ("batching", "devices", "errors")),
    *(f"book/messages/{name}.html" for name in SOME),
    "book/symptoms/fewer-answers-than-rows.html",
    "book/audit-rules/mask-lost.html",
    *MADE,
]
NOTEBOOKS = [name for name in DOCUMENTS if (ROOT / f"{name}.ipynb").exists()]


# Links and ids, from the files


class Markup(HTMLParser):
    """The ids and links of a page, and the back quotes that stand in its prose."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.back_quotes: list[str] = []
        self.open = dict.fromkeys(("article", "pre", "script"), 0)
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.add(value)
            elif name in ("href", "src"):
                self.links.append(value)
        if tag in self.open:
            self.open[tag] += 1

    def handle_endtag(self, tag):
        if tag in self.open:
            self.open[tag] -= 1

    def handle_data(self, data):
        if "`" in data and self.open["article"] and not (self.open["pre"] or self.open["script"]):
            self.back_quotes.append(data)


@functools.cache
def markup_of(path: Path) -> Markup:
    """The markup of a built page, read once."""
    return Markup(path.read_text("utf-8"))


@functools.cache
def _target(folder: Path, link: str) -> Path | None:
    target = Path(os.path.normpath(folder / link))
    if target.is_dir():
        target /= "index.html"
    return target if target.exists() else None


def broken(path: Path, link: str) -> str | None:
    """Why a link on a built page leads nowhere, or None."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = _target(path.parent, unquote(parts.path)) if parts.path else path
    if target is None:
        return f"{link}: no such file"
    anchor = unquote(parts.fragment)
    if anchor and target.suffix == ".html" and anchor not in markup_of(target).ids:
        return f"{link}: no such anchor"
    return None


def error_entries(built: Path) -> list[dict]:
    """The error catalogue as the title page's script reads it."""
    text = (built / "_static/error-index.js").read_text("utf-8")
    return json.loads(text[text.index("[") : text.index("\n];") + 2])


# The page in a browser

# CSS transitions, between the themes for instance, end at once.
AT_REST = """document.getAnimations()
.filter(a => a.effect.getComputedTiming().endTime < Infinity).forEach(a => a.finish())"""

# As the theme does it, a moment after the window has changed: what scrolls can be focused.
FOCUS_IS_SET = """() => [...document.querySelectorAll(
"pre, .nboutput > .output_area, .cell_output > .output, .jp-RenderedHTMLCommon")].every(e =>
(e.tabIndex === 0) === (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight))"""

SHOWN = """[...document.querySelectorAll("*")].filter(
e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}))"""

# Contrast is nine tenths of axe's time. Texts whose tags, classes, colours and sizes are the same,
# and those of all that they stand in, have the same contrast: so of each kind of text the first,
# the longest and the last are measured, and once in the life of a page. In another theme or on a
# narrow screen just those kinds are measured that were not there before.
SAMPLE = """() => {
const numbers = window.kindsOfText ??= new Map(), measured = window.measuredKinds ??= new Set();
const number = text => numbers.get(text) ?? numbers.set(text, numbers.size + 1).get(text);
const kinds = new WeakMap([[document, 0]]), groups = new Map();
const kind = e => {
  if (!kinds.has(e)) {
    const s = getComputedStyle(e);
    kinds.set(e, number([kind(e.parentNode), e.localName, e.getAttribute("class"), s.color, s.fill,
      s.backgroundColor, s.backgroundImage, s.opacity, s.filter, s.mixBlendMode, s.textShadow,
      s.fontSize, s.fontWeight, s.position, s.zIndex].join("|")));
  }
  return kinds.get(e);
};
const words = e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join("").trim();
document.querySelectorAll("[data-sample]").forEach(e => e.removeAttribute("data-sample"));
for (const e of SHOWN) {
  const length = e.matches("input, select, textarea") ? 1 : words(e).length;
  if (!length || !e.getClientRects().length || measured.has(kind(e))) continue;
  const group = groups.get(kind(e)) ?? groups.set(kind(e), {first: e, length: 0}).get(kind(e));
  if (length > group.length) Object.assign(group, {length, longest: e});
  group.last = e;
}
for (const [kind, group] of groups) {
  measured.add(kind);
  for (const e of [group.first, group.longest, group.last]) e.setAttribute("data-sample", "");
}
}""".replace("SHOWN", SHOWN)

RUN = """rules => {
axe.configure({rules: [{id: "color-contrast", selector: "[data-sample]"}]});
const options = {resultTypes: ["violations"]};
if (rules) options.runOnly = {type: "rule", values: rules};
return axe.run(options).then(({violations}) => violations.flatMap(v => v.nodes.slice(0, 3).map(
node => `${v.id} (${v.impact}): ${node.target} ${node.html.slice(0, 120)}`)));
}"""

COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # what another theme can break


def wait_until(tab, expression: str, arg=None) -> None:
    """Ask until it is so, for at most 30 s.

    Playwright's own wait_for_function evaluates text in the page, which the page's policy forbids.
    """
    end = time.monotonic() + 30
    while not tab.evaluate(expression, arg):
        assert time.monotonic() < end, expression
        tab.wait_for_timeout(20)


def violations(tab, rules: list[str] | None = None) -> list[str]:
    """Whatever axe finds, by these rules or by all, as readable lines."""
    if not tab.evaluate("'axe' in window"):
        base = pytest.importorskip("axe_playwright_python.base", reason="finds barriers")
        tab.evaluate(base.AXE_SCRIPT)
    tab.evaluate(AT_REST)
    tab.evaluate(SAMPLE)
    return tab.evaluate(RUN, rules)
