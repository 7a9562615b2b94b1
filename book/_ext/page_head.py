"""What stands in the head of each page, how long it takes to read, and the page "not found".

The address of the site follows from that of the repository in ``_config.yml``. As long as that is
the placeholder, the build is a local one: no page then names an address of its own, and there is no
sitemap.
"""

import re
import sys
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "tools") not in sys.path:
    sys.path.append(str(ROOT / "tools"))

_BOOK, _SUBTITLE = "Ragged Edges", "feeding variable-size data to Keras"
_VIEWPORT = re.compile(r'<meta[^>]*name="viewport"[^>]*>\s*')
_DESCRIPTION = re.compile(r"<meta[^>]*name=\"description\"[^>]*>")
_CONTENT = re.compile(r'content="([^"]*)"')
_RELATIVE = re.compile(
    r"""(\b(?:href|src|action|data-content_root)=")(?!https?:|data:|mailto:|[/#])(?:\./)?([^"]*")"""
)
_NOT_READ = (nodes.table, nodes.field_list, nodes.definition_list, nodes.literal_block)
_WORDS, _LINES = 170, 20  # in a minute
_LEAST_WORDS = 250
_UNLISTED = ("404", "search", "genindex")
_LOOKED_UP = tuple(f"book/{name}" for name in ("choose", "plan", "recipes", "cheat-sheet"))


def known_address(repository: str) -> str:
    """Return the address of the site, with a slash at its end; empty where nobody publishes it.

    Args:
        repository: the address of the repository, as in ``_config.yml``.
    """
    import publish

    if not repository or repository == publish.PLACEHOLDER:
        return ""
    return publish.site(repository.removeprefix("https://github.com/")) + "/"


def page_title(title: str, is_root: bool) -> str:
    """Return what a tab and a search engine show; ``title`` may hold markup."""
    text = re.sub("<[^>]*>", "", title).strip()
    return f"{_BOOK}: {_SUBTITLE}" if is_root else f"{text} · {_BOOK}"


def minutes(doctree) -> int:
    """Return how many minutes a page takes to read, or 0 where it is not one to read on.

    Words of running text count, and the lines of code that are shown; not tables, outputs and
    what is folded.
    """
    words = lines = 0
    for paragraph in doctree.findall(nodes.paragraph):
        parent = paragraph.parent
        while parent is not None and not isinstance(parent, _NOT_READ):
            parent = parent.parent
        if parent is None:
            words += len(paragraph.astext().split())
    for block in doctree.findall(nodes.literal_block):
        classes, parent = set(), block.parent
        while parent is not None:
            classes.update(parent.get("classes", []) if hasattr(parent, "get") else [])
            parent = parent.parent
        if not classes & {"cell_output", "tag_hide-input", "tag_hide-cell", "tag_remove-cell"}:
            lines += len(block.astext().splitlines())
    return max(1, round(words / _WORDS + lines / _LINES)) if words >= _LEAST_WORDS else 0


def _set_address(app, config) -> None:
    repository = config.html_theme_options.get("repository_url", "")
    config.html_baseurl = config.html_baseurl or known_address(repository)


def _head(app, pagename, templatename, context, doctree) -> None:
    if app.builder.name != "html":
        return
    root = pagename == app.config.root_doc
    title = page_title(context.get("title") or pagename.capitalize(), root)
    tags = _VIEWPORT.sub("", context.get("metatags", ""))
    described = _DESCRIPTION.search(tags)
    content = _CONTENT.search(described[0]) if described else None
    base = app.config.html_baseurl
    picture = base + "_static/social.png" if base else context["pathto"]("_static/social.png", 1)
    properties = {
        "og:type": "website" if root else "article",
        "og:site_name": _BOOK,
        "og:title": escape(title.removesuffix(f" · {_BOOK}")),
        "og:description": content[1] if content else f"{_BOOK}: {_SUBTITLE}.",
        "og:image": picture,
        "og:image:alt": "Five rows of several lengths become one padded batch.",
    }
    if base and pagename != "404":
        properties["og:url"] = base + app.builder.get_target_uri(pagename)
    lines = [f'<meta property="{name}" content="{text}" />' for name, text in properties.items()]
    lines.append('<meta name="twitter:card" content="summary_large_image" />')
    if pagename in _UNLISTED:
        lines.append('<meta name="robots" content="noindex" />')
        context["pageurl"] = None
    context["metatags"] = "\n    ".join([tags, *lines])
    context["page_title"] = title


def _time(app, pagename, templatename, context, doctree) -> None:
    read = doctree is not None and pagename != app.config.root_doc
    # a lab says itself how long it takes, and what is looked up or filled in is not read through
    read = read and not pagename.startswith("labs/") and pagename not in _LOOKED_UP
    context["minutes"] = minutes(doctree) if read else 0


def _not_found(app):
    body = """<section><h1>There is no such page</h1>
<p>It may have moved, or the address may be mistyped.</p>
<ul><li><a href="index.html">Paste a message or pick a symptom</a></li>
<li><a href="book/error-index.html">All messages</a></li>
<li><a href="search.html">Search this book</a></li></ul></section>"""
    return [("404", {"title": "Page not found", "body": body}, "page.html")]


def anchored(page: str, path: str) -> str:
    """Return a page whose links lead to the same places from wherever it is shown.

    Args:
        page: of the folder at the top of the site.
        path: of that folder on its host, with a slash at both ends.
    """
    return _RELATIVE.sub(rf"\g<1>{path}\g<2>", page)


def sitemap(addresses: list[str]) -> str:
    """Return the sitemap of the pages with these addresses."""
    rows = "".join(f"  <url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{space}">\n{rows}</urlset>\n'


def _finish(app, exception) -> None:
    base = app.config.html_baseurl
    if exception is not None or app.builder.name != "html" or not base:
        return
    out = Path(app.outdir)
    page = out / "404.html"
    page.write_text(anchored(page.read_text("utf-8"), urlsplit(base).path), "utf-8")
    names = sorted(app.env.found_docs, key=lambda name: (name != app.config.root_doc, name))
    addresses = [base + app.builder.get_target_uri(name) for name in names]
    (out / "sitemap.xml").write_text(sitemap(addresses), "utf-8")
    (out / "robots.txt").write_text(f"User-agent: *\nSitemap: {base}sitemap.xml\n", "utf-8")


def setup(app):
    """Register what happens to the head of every page, and to the site when it is built."""
    app.connect("config-inited", _set_address)
    app.connect("html-page-context", _time, priority=400)  # the theme leaves out what is empty
    app.connect("html-page-context", _head, priority=920)  # once the page has its description
    app.connect("html-collect-pages", _not_found)
    app.connect("build-finished", _finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
