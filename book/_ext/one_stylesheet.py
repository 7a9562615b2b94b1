"""All styles in one file, ``_static/book.css``, without the rules that no page can use.

Theme, extensions and we bring ten style sheets, and nine tenths of Bootstrap's rules are for what
the book does not have. A rule goes if each of its selectors asks for a class that stands on no
page of the site and in none of its scripts.
"""

import re
from pathlib import Path

_FIRST = ["_static/basic.css", "_static/styles/bootstrap.css"]
_FIRST += ["_static/styles/pydata-sphinx-theme.css"]
_MARK = re.compile(
    r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^"')]*\)|[{};]""", re.DOTALL
)
_INNERMOST = re.compile(r"\([^()]*\)")
_CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
_CLASSES = re.compile(r"""\bclass=(?:"([^"]*)"|'([^']*)')""")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_GROUPS = ("@media", "@supports", "@container", "@layer")


def statements(text: str) -> list[tuple[str, str | None]]:
    """Split a style sheet into its outermost statements.

    Args:
        text: a style sheet, or what stands in the braces of ``@media``.

    Returns:
        Pairs of what stands ahead of the braces, and in them; None where there are no braces.
        Comments are dropped.
    """
    found: list[tuple[str, str | None]] = []
    pieces: list[str] = []
    head, depth, start = "", 0, 0
    for mark in _MARK.finditer(text):
        sign = mark[0]
        if sign.startswith("/*"):
            pieces.append(text[start : mark.start()] + " ")
        elif sign == "{" and depth == 0:
            head = "".join([*pieces, text[start : mark.start()]]).strip()
            pieces, depth = [], 1
        elif sign == "}" and depth == 1:
            found.append((head, "".join([*pieces, text[start : mark.start()]]).strip()))
            pieces, depth = [], 0
        elif sign == ";" and depth == 0:
            found.append(("".join([*pieces, text[start : mark.start()]]).strip(), None))
            pieces = []
        else:
            pieces.append(text[start : mark.end()])
            depth += (sign == "{") - (sign == "}")
        start = mark.end()
    return found


def _split(selectors: str) -> list[str]:
    """Split at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for sign in selectors:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _asks_for(selector: str) -> set[str]:
    """Return the classes that something must have, or stand in, for a selector to fit."""
    while _INNERMOST.search(selector):  # what stands in :not() or :is() may be missing
        selector = _INNERMOST.sub("", selector)
    return {name.replace("\\", "") for name in _CLASS.findall(selector)}


def without_unused(text: str, known: set[str]) -> str:
    """Return a style sheet without the rules for classes that are not known.

    Args:
        text: a style sheet.
        known: the names of all classes that are on a page or may get there.

    Returns:
        The rest, one statement a line; all are UTF-8.

    Raises:
        ValueError: it imports another style sheet.
    """
    kept = []
    for head, body in statements(text):
        if body is None:
            if head.startswith("@import"):
                raise ValueError(f"style sheets: expected none with @import, got {head!r}")
        elif head.startswith(_GROUPS):
            inner = without_unused(body, known)
            kept.append(f"{head} {{\n{inner}\n}}" if inner else "")
        elif head.startswith("@"):
            kept.append(f"{head} {{{body}}}")
        else:
            used = [one for one in _split(head) if _asks_for(one) <= known]
            kept.append(f"{', '.join(used)} {{{' '.join(body.split())}}}" if used and body else "")
    return "\n".join(statement for statement in kept if statement)


def _link(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name == "html":
        context["css_files"] = []
        context["stylesheet"] = f"_static/book.css?v={app.config.own_files_digest[:8]}"


def _write(app, exception) -> None:
    if exception is not None or app.builder.name != "html":
        return
    from slim_pages import is_needed

    out = Path(app.outdir)
    pages = [path.read_text("utf-8") for path in out.rglob("*.html")]
    known = {
        name
        for page in pages
        for one, other in set(_CLASSES.findall(page))
        for name in (one or other).split()
    }
    for script in out.glob("_static/**/*.js"):
        known.update(_WORD.findall(script.read_text("utf-8")))
    names = dict.fromkeys(_FIRST)
    for asset in app.builder._css_files:
        name = str(asset.filename).split("?")[0]
        if any(is_needed(asset, page) for page in pages):
            names[name] = None
    sheets = [without_unused((out / name).read_text("utf-8"), known) for name in names]
    text = "\n".join(sheets) + "\n"
    (out / "_static" / "book.css").write_text(text, "utf-8")


def setup(app):
    """Put one link into each page, and write what it leads to when all pages are there."""
    app.connect("html-page-context", _link, priority=950)
    app.connect("build-finished", _write, priority=980)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
