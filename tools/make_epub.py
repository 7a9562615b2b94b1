"""Bind opener, guide, chapters and cheat sheet as an EPUB, by Sphinx's own builder.

Usage: python tools/make_epub.py [--output DIR]       (`make pdf` runs it)

Reads the sources with the configuration of the site, and leaves out what a book of paper has no use
for: controls, scripts, the theme. Writes `_build/epub/ragged-edges.epub`, or DIR/ragged-edges.epub.
"""

import argparse
import html
import io
import re
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import make_pdf
import yaml
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx

ROOT = make_pdf.ROOT
EPUB = ROOT / "_build" / "epub"
NAME = "ragged-edges.epub"
STYLES = ("pygments.css", "epub.css", "shape-language.css")
LEFT_OUT = ("labs", "labs/*", "labs/**", "book/messages*", "book/symptoms*", "book/audit-rules/*")
# extensions whose handlers are for the site alone
SITE = {"sphinx_book_theme", "pydata_sphinx_theme", "sphinx_thebe", "slim_pages", "quick_build"}
_CONTROLS = re.compile(r'<div class="re-controls"[^>]*>.*?</div>', re.DOTALL)
_ACTIVE = re.compile(r"<(script|button|form|noscript)\b.*?</\1>", re.DOTALL)
_VOID = re.compile(r"<(br|hr|img|wbr|col|input)\b([^>]*?)\s*/?>")
_TAG = re.compile(r'<[a-zA-Z](?:[^<>"]|"[^"]*")*>')
_BARE = re.compile(
    r'"[^"]*"|(?<=\s)(hidden|open|checked|disabled|selected|multiple)(?=[\s/>])'
)  # outside quotes
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")
_LINK = re.compile(r'<a\b([^>]*?)\bhref="([^"#]*)(#[^"]*)?"([^>]*)>(.*?)</a>', re.DOTALL)


def still(body: str, bound: list[str]) -> str:
    """Return the body of a page without controls, scripts and links to what is not bound.

    Args:
        body: HTML as the site has it.
        bound: The names of the pages that are bound, such as ``masking.xhtml``.
    """

    def link(match: re.Match) -> str:
        path = match[2]
        kept = not path or ":" in path or path.rsplit("/", 1)[-1] in bound
        return match[0] if kept else f"<span>{match[5]}</span>"

    body = _ACTIVE.sub("", _CONTROLS.sub("", body))
    body = _ENTITY.sub(lambda match: html.unescape(match[0]), _VOID.sub(r"<\1\2/>", body))
    body = _TAG.sub(lambda match: _BARE.sub(_valued, match[0]), body)
    return _LINK.sub(link, body)


def _valued(found: re.Match) -> str:
    """Return an attribute that has no value with one, as XHTML wants."""
    return f'{found[1]}="{found[1]}"' if found[1] else found[0]


def configuration(toc: Path) -> dict:
    """Return the site's configuration with what an EPUB needs beside it."""
    config, _ = get_final_config(
        user_yaml=ROOT / "_config.yml",
        sourcedir=ROOT,
        cli_config={"latex_individualpages": False},
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return config | {
        "external_toc_path": str(toc),
        "external_toc_exclude_missing": True,
        "exclude_patterns": [*config["exclude_patterns"], *LEFT_OUT],
        "suppress_warnings": ["myst.xref_missing", "epub.unknown_project_files"],
        "version": project["version"],
        "epub_basename": NAME.removesuffix(".epub"),
        "epub_description": "Feeding variable-size data to Keras",
        "epub_identifier": project["name"],
        "epub_uid": "book-id",
        "epub_tocscope": "includehidden",
        "epub_show_urls": "no",
        "html_use_index": False,
        "epub_use_index": False,
    }


def bind(output: Path) -> Path:
    """Write the EPUB into a folder and return its path.

    Raises:
        ValueError: Sphinx warns, or a page is not well-formed.
    """
    names = make_pdf.documents()
    bound = [f"{name.rsplit('/', 1)[-1]}.xhtml" for name in names]
    with tempfile.TemporaryDirectory() as folder:
        toc = Path(folder, "_toc.yml")
        chapters = [{"file": name} for name in names[1:]]
        toc.write_text(
            yaml.safe_dump({"format": "jb-book", "root": names[0], "chapters": chapters})
        )
        said = io.StringIO()
        app = Sphinx(
            str(ROOT),
            None,
            f"{folder}/epub",
            f"{folder}/doctrees",
            "epub",
            confoverrides=configuration(toc),
            status=None,
            warning=said,
        )
        for event, own in (("html-page-context", SITE), ("build-finished", None)):
            kept = app.events.listeners[event]
            kept[:] = [each for each in kept if not _is_of(each.handler, own)]

        def finish(app, pagename, templatename, context, doctree) -> None:
            context["body"] = still(context.get("body", ""), bound)
            styles = context.get("css_files", [])
            context["css_files"] = [each for each in styles if str(each.filename).endswith(STYLES)]

        app.connect("html-page-context", finish, priority=990)
        app.build()
        if said.getvalue():
            raise ValueError(f"Sphinx warns: {said.getvalue()}")
        made = Path(folder, "epub", NAME)
        check(made)
        output.mkdir(parents=True, exist_ok=True)
        (output / NAME).write_bytes(made.read_bytes())
    return output / NAME


def _is_of(handler, extensions: set[str] | None) -> bool:
    """Whether a handler is of some extensions; of any but Sphinx's own where there are none."""
    module = handler.__module__.split(".")[0]
    return module != "sphinx" if extensions is None else module in extensions


def check(epub: Path) -> None:
    """Raise ValueError if a page of an EPUB is not well-formed."""
    with zipfile.ZipFile(epub) as book:
        for name in book.namelist():
            if name.endswith(".xhtml"):
                try:
                    ElementTree.fromstring(book.read(name))
                except ElementTree.ParseError as error:
                    raise ValueError(f"{name}: expected well-formed XHTML, got {error}") from error


def main() -> None:
    """Bind the book; one line and exit status 1 if it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=EPUB, help="a folder")
    try:
        print(f"The book as an EPUB: {bind(parser.parse_args().output)}")
    except ValueError as error:
        sys.exit(f"make_epub: {error}")


if __name__ == "__main__":
    main()
