"""Anchors that no heading makes, for links such as ``[mask](glossary.md#term-mask)``.

MyST knows the headings of a page only. Terms of the glossary, works of the bibliography, claims,
tables and the objects of `helpers` have ids, too: here they become known, so that a link to one is
checked by the build like any other.
"""

from docutils import nodes

_PAGES = ("book/glossary", "book/bibliography", "book/benchmarks", "book/claims-ledger")
_FOLDER = "book/api/"


def _offer(app, doctree) -> None:
    page = app.env.docname
    if page in _PAGES or page.startswith(_FOLDER):
        known = app.env.metadata[page].setdefault("myst_slugs", {})
        for node in doctree.findall(nodes.Element):
            for anchor in node.get("ids", ()):
                known.setdefault(anchor, (node.line, anchor, ""))


def setup(app):
    """Register what is done with each page that has been read."""
    app.connect("doctree-read", _offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
