"""A page for each row of the error index, and the index as a table.

The pages are Markdown files in ``book/messages``, which git ignores: they are written when a build
begins, each only if it has changed, so that Sphinx and its search treat them as any other page.
"""

import html
from collections.abc import Iterable
from pathlib import Path

from helpers.errors import Entry, catalogue

from . import examples
from .errors import link, plain, wordings
from .filtered_table import filtered_table

FOLDER = "book/messages"
CHAPTERS = {
    "tail-batches": "The last, smaller batch",
    "masking": "Padding and masking",
    "images-to-sequences": "Images into an LSTM",
    "augmentation": "Augmentation",
    "variable-batches": "Batches of varying shape",
}
_COLUMNS = ("What is wrong", "Message", "Chapter")
_HEADING = 100  # characters of a message that are its page's heading
_DESCRIPTION = 155  # those that a search engine shows


def write(root: Path) -> None:
    """Write the pages that have changed, and delete those whose row has gone."""
    write_pages(root / FOLDER, {f"{row.id}.md": page(row) for row in catalogue()})


def write_pages(folder: Path, wanted: dict[str, str]) -> None:
    """Write those files of a folder that have changed, and delete those that are not wanted."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def page(row: Entry) -> str:
    """Return the page of one message, as MyST Markdown: first what to do, then why."""
    mended = examples.mending(row)
    parts = [
        front_matter(f"{plain(row.title)}. {plain(row.fix)}"),
        f"# `{beginning(row)}`\n",
        f"**{row.title}.** {row.cause.strip()}\n",
        f"## Use instead\n\n{row.fix.strip()}\n",
    ]
    if mended:
        parts.append(
            f"```python\n{mended}\n```\n\nThis is code that a test runs, with data of two sizes, "
            "on Keras 3.15 and 3.13.\n"
        )
    parts += [
        f"## Why it is raised\n\nSee {link('../' + row.chapter)}. This code {_verb(row)} it:\n",
        f"```python\n{examples.provoking(row)}\n```\n",
        f"## The message by version\n\n{wordings(row.versions)}\n",
        f"It comes as {' or '.join(f'`{name}`' for name in row.exception)}. "
        "[All messages](../error-index.md).\n",
    ]
    return "\n".join(parts)


def front_matter(said: str) -> str:
    """Return what begins a page that is in no table of contents: its description."""
    description = _quoted(_cut(said, _DESCRIPTION))
    return f"---\norphan: true\nmyst:\n  html_meta:\n    description: {description}\n---\n"


def _verb(row: Entry) -> str:
    if row.warns:
        return "warns of"
    return "raises, or warns of," if any("Warning" in name for name in row.exception) else "raises"


def beginning(row: Entry) -> str:
    """Return what a message begins with, in one line, without the marks of Markdown."""
    return _cut(plain(next(iter(row.versions.values()), row.title)), _HEADING)


def _cut(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"


def _quoted(text: str) -> str:
    """Return a text as YAML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table(rows: Iterable[Entry]) -> str:
    """Return the index of the messages as HTML: a table, with its controls, by chapter."""
    rows = sorted(rows, key=lambda row: list(CHAPTERS).index(row.chapter.split("#")[0]))
    head = "".join(f'<th scope="col">{each}</th>' for each in _COLUMNS)
    caption = "What Keras and TensorFlow say, and what is wrong"
    body = "\n".join(map(table_row, rows))
    return filtered_table("messages", caption, "every chapter", CHAPTERS, head, body)


def table_row(row: Entry) -> str:
    """Return one row of the index; the whole message can be found, though its beginning shows."""
    chapter, anchor = row.chapter.split("#")
    texts = dict.fromkeys(" ".join(text.split()) for text in row.versions.values())
    hidden = html.escape(" ".join([*texts, *map(plain, texts), *row.exception]))
    return (
        f'<tr id="{row.id}" data-kinds="{chapter}" data-text="{hidden}">'
        f'<th scope="row"><a href="messages/{row.id}.html">{_code(row.title)}</a></th>'
        f"<td><code>{html.escape(beginning(row))}</code></td>"
        f'<td><a href="{chapter}.html#{anchor}">{CHAPTERS[chapter]}</a></td></tr>'
    )


def _code(text: str) -> str:
    """Return Markdown's inline code as HTML; nothing else is marked in a title."""
    parts = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
