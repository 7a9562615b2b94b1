"""What stands at the foot of each page: where to report, version, licence, source."""

import re
import tomllib
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]


def version() -> str:
    """Return the version of the book and of `helpers`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def report_link(repository: str, page: str, title: str) -> str:
    """Return the address of the form for a statement that does not hold, filled in for a page.

    Args:
        repository: its address on GitHub.
        page: the path of the page on the site.
        title: its title.
    """
    words = re.sub("<[^>]*>", "", title)
    fields = {
        "template": "statement.yml",
        "title": f"Does not hold: {words}",
        "where": f"{page} ({words}), version {version()}",
    }
    return f"{repository}/issues/new?{urlencode(fields)}"


def _foot(app, pagename, templatename, context, doctree) -> None:
    repository = app.config.html_theme_options.get("repository_url", "")
    known = bool(app.config.html_baseurl)  # page_head: only then is somebody there to read it
    title = context.get("title") or pagename
    context["book_version"] = version()
    context["repository"] = repository if known else ""
    context["can_be_reported"] = doctree is not None and pagename != app.config.root_doc
    context["report"] = report_link(repository, f"{pagename}.html", title) if known else ""


def setup(app):
    """Give each page's template what the foot says."""
    app.connect("html-page-context", _foot, priority=400)  # the theme leaves out what is empty
    return {"parallel_read_safe": True, "parallel_write_safe": True}
