"""What is made once instead of for every page, and what a build need not load.

The site has a page for each message, and all of these have the same sidebar. Making it is much of
what a page costs; importing Keras costs as much as all of them together.
"""

import sys

from markupsafe import Markup
from sphinx.ext.autodoc.mock import MockFinder


def _share_sidebar(app, pagename, templatename, context, doctree) -> None:
    """Give the template of the sidebar a function that makes it once for pages without a place.

    Where a page is in no table of contents, it is the same for all of a folder.
    """
    made, folder = app.builder.__dict__.setdefault("own_sidebars", {}), pagename.rpartition("/")[0]
    shared = app.env.metadata.get(pagename, {}).get("orphan") is not None

    def sidebar(make, **options):
        if not shared:
            return _named(make(**options))
        if folder not in made:
            made[folder] = _named(make(**options))
        return made[folder]

    context["own_sidebar"] = sidebar


def _named(sidebar) -> Markup:
    """Name what opens the pages below a page; the theme draws an arrow only."""
    return Markup(str(sidebar).replace("<summary>", '<summary aria-label="Pages below">'))


def _mock_frameworks(app, env, docnames) -> None:
    """Let autodoc find mocks wherever it looks for the source of a class, and import no Keras."""
    env.own_mocks = MockFinder(app.config.autodoc_mock_imports)
    sys.meta_path.insert(0, env.own_mocks)


def _unmock_frameworks(app, env) -> None:
    sys.meta_path.remove(env.own_mocks)
    env.own_mocks.invalidate_caches()
    del env.own_mocks


def setup(app):
    """Register what saves time, and read and write on two cores."""
    app.parallel = max(app.parallel, 2)  # jupyter-book has no option for it
    # Undeclared, but it only numbers sections, in one process, once all pages are read.
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True
    app.connect("html-page-context", _share_sidebar)
    app.connect("env-before-read-docs", _mock_frameworks)
    app.connect("env-updated", _unmock_frameworks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
