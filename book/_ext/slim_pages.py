"""Pages that load only what they use, and whose buttons are for that page.

Styles and scripts of extensions that a page does not use are left out; the templates in
``book/_templates`` leave out the theme's icon fonts (1.5 MB), whose few icons ``site.css`` draws.
"""

import hashlib
from html import escape
from pathlib import Path

from docutils import nodes

# part of a file's name or of an inline script -> what the page's own HTML holds when it needs
# that; None: no page needs it
_NEEDED_BY = {
    "thebe": None,
    "design-tabs": 'class="sd-tab',
    "sphinx-design": 'class="sd-',
    "toggle": "toggle",
    "mystnb": 'class="cell ',
    "clipboard": "highlight",
    "copybutton": "highlight",
    "explorers": "re-explorer",
    "quiz": "re-quiz",
}
_DESCRIPTION_LENGTH = 155


def is_needed(asset, page: str) -> bool:
    """Say whether a page, given as HTML, uses a style sheet or a script."""
    text = str(asset.filename or asset.attributes.get("body", "")).lower()
    signs = [sign for part, sign in _NEEDED_BY.items() if part in text]
    return not signs or any(sign is not None and sign in page for sign in signs)


def _slim(app, pagename, templatename, context, doctree) -> None:
    page = context.get("body", "")
    for key in ("css_files", "script_files"):
        context[key] = [asset for asset in context.get(key, []) if is_needed(asset, page)]


def _mend(app, pagename, templatename, context, doctree) -> None:
    """Mend what docutils writes and accessibility checkers rightly refuse."""
    if "body" in context:
        # ARIA has dropped this role, and an empty corner of a table heads nothing
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        context["body"] = body.replace('<th class="head"><p></p></th>', "<td></td>")


def _describe(app, pagename, templatename, context, doctree) -> None:
    if doctree is None or 'name="description"' in context.get("metatags", ""):
        return
    first = next(
        (
            p.astext()
            for p in doctree.findall(nodes.paragraph)
            if isinstance(p.parent, nodes.section | nodes.document)
        ),
        "",
    )
    text = " ".join(first.split())
    if len(text) > _DESCRIPTION_LENGTH:
        text = text[:_DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " …"
    if text:
        context["metatags"] = (
            context.get("metatags", "") + f'\n<meta name="description" content="{escape(text)}" />'
        )


def _own_buttons(app, pagename, templatename, context, doctree) -> None:
    """Put the Colab and download buttons on notebooks only, each as a link of its own."""
    source = context.get("sourcename", "")
    launch = [
        button
        for group in context.get("header_buttons", [])
        if group.get("label") == "launch-buttons"
        for button in group["buttons"]
        if button["text"] == "Colab"
    ]
    is_notebook = doctree is not None and source.endswith(".ipynb")
    context["colab_link"] = launch[0]["url"] if launch and is_notebook else ""
    context["notebook_link"] = f"_sources/{source}" if is_notebook else ""


def _finish(app, exception) -> None:
    """Delete fonts, source maps and templates that no page asks for; note the time of the build."""
    if exception is None and app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        for pattern in ("vendor/fontawesome/**/*", "**/*.map", "*webpack-macros.html"):
            for path in static.glob(pattern):
                if path.is_file():
                    path.unlink()
        # a build that finds nothing to write leaves every page's time as it was
        (Path(app.outdir) / ".buildinfo").touch()


def _digest() -> str:
    """Digest of our extensions, templates, styles: when one changes, every page is built again."""
    book = Path(__file__).parents[1]
    patterns = ("_ext/**/*.py", "_templates/**/*.html", "_static/**/*.*")
    files = sorted(path for pattern in patterns for path in book.glob(pattern))
    return hashlib.sha1(b"".join(f.read_bytes() for f in files), usedforsecurity=False).hexdigest()


def setup(app):
    """Register what happens to every page."""
    for step in (_slim, _mend, _describe, _own_buttons):
        app.connect("html-page-context", step, priority=900)
    app.add_js_file("explorers.js", defer="defer")
    app.connect("build-finished", _finish)
    app.add_config_value("own_files_digest", _digest(), "env")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
