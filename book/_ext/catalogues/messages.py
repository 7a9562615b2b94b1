"""A page for each row of the error index, and the index as a table.

The pages are Markdown files in ``book/messages``, which git ignores: they are written when a build
begins, each only if it has changed, so that Sphinx and its search treat them as any other page.
"""

import html
import re
from collections.abc import Iterable
from pathlib import Path

from helpers.errors import Entry, catalogue
from helpers.errors.index import AXES

from . import examples
from .errors import BACKENDS, KERAS, both_versions, link, plain, verbatim, wordings
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
    parts = [
        front_matter(f"{plain(row.title)}. {plain(row.fix)}"),
        f"# `{beginning(row)}`\n",
        f"**{row.title}.** {row.cause.strip()}\n",
        *_use_instead(row),
        f"## The shortest code that {_verb(row)} it\n",
        f"```python\n{examples.provoking(row)}\n```\n",
        *_proof(row),
        f"## The message by version\n\n{wordings(row)}\n",
        f"It comes as {_one_of(row.exception)}.\n",
        *_older(row),
        *_siblings(row),
        f"## Read more\n\n{link('../' + row.chapter)} explains it. "
        "[All messages](../error-index.md).\n",
    ]
    return "\n".join(parts)


def _one_of(names: Iterable[str]) -> str:
    """Say that it is one of some names: `A`, `B` or `C`."""
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


def front_matter(said: str) -> str:
    """Return what begins a page that is in no table of contents: its description."""
    description = _quoted(_cut(said, _DESCRIPTION))
    return f"---\norphan: true\nmyst:\n  html_meta:\n    description: {description}\n---\n"


def _use_instead(row: Entry) -> list[str]:
    mended = examples.mending(row)
    compared = f"The comments say what it prints; a test compares, on {both_versions()}.\n"
    return [
        f"## Use instead\n\n{row.fix.strip()}\n",
        *([f"```python\n{mended}\n```\n"] if mended else []),
        *([compared] if examples.printing(row) else []),
    ]


def _proof(row: Entry) -> list[str]:
    proof = examples.proving(row)
    if proof is None:
        return []
    return [
        "## How to prove it\n\nPut this below the code to use instead. `fit` and `predict` take "
        "data of two sizes, and `predict` says of each batch what the model says when it is "
        f"called. A test runs both, on {both_versions()}.\n",
        f"```python\n{proof}\n```\n",
    ]


def _older(row: Entry) -> list[str]:
    if not row.older:
        return []
    said = (
        "Keras 2 and TensorFlow 1 put it in other words. These are from public reports; "
        "no test runs them."
    )
    return [f"## Older wordings\n\n{said}\n", *(f"{verbatim(text)}\n" for text in row.older)]


def _siblings(row: Entry) -> list[str]:
    if not row.siblings:
        return []
    titles = {each.id: each.title for each in catalogue()}
    lines = [f"- [{titles[id]}]({id}.md): {when}" for id, when in row.siblings.items()]
    return ["## When it is something else\n", "\n".join(lines) + "\n"]


def _verb(row: Entry) -> str:
    if row.warns:
        return "warns of"
    return "raises or warns of" if any("Warning" in name for name in row.exception) else "raises"


def beginning(row: Entry) -> str:
    """Return what a message begins with, in one line, without the marks of Markdown."""
    return _cut(plain(next(iter(row.versions.values()), row.title)), _HEADING)


def window_title(row: Entry) -> str:
    """Return what a search engine shows as the title of a page: the message, then what is wrong.

    What a page begins with would not do: some rows have the same message.
    """
    return f"{beginning(row)}: {plain(row.title)}"


def _cut(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"


def _quoted(text: str) -> str:
    """Return a text as YAML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def chapter_of(section: str) -> str:
    """Return the name of the chapter of a section, which may be on its deeper page."""
    return section.split("#")[0].removesuffix("-deeper")


def table(rows: Iterable[Entry]) -> str:
    """Return the index of the messages as HTML: a table, with its controls, by chapter."""
    rows = sorted(rows, key=lambda row: list(CHAPTERS).index(chapter_of(row.chapter)))
    headings = "".join(f'<th scope="col">{each}</th>' for each in _COLUMNS)
    caption = "What Keras and TensorFlow say, and what is wrong"
    body = "\n".join(map(table_row, rows))
    more = {
        "exception": _words(row.exception for row in rows),
        "layer": _words(map(layers, rows)),
        "axis": {axis.replace(" ", "-"): axis for axis in AXES},
        "backend": BACKENDS,
    }
    return filtered_table("messages", caption, "every chapter", CHAPTERS, headings, body, more)


def _words(names: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return all names in their order, as what can be chosen."""
    return {name: name for name in sorted({each for some in names for each in some})}


def layers(row: Entry) -> list[str]:
    """Return the layers of Keras in the code that causes a message, but `Dense`, and in its words.

    Nearly all code ends in a `Dense`, so that one counts only where it is named.
    """
    used = set(re.findall(r"\blayers\.([A-Z]\w+)", examples.provoking(row))) - {"Layer"}
    said = " ".join([row.title, row.cause, *row.versions.values()])
    return sorted(each for each in used if each != "Dense" or each in said)


def backends(row: Entry) -> list[str]:
    """Return the backends of Keras on which a row's message comes, on one version at least."""
    return [each for each in BACKENDS if any(row.wording_on(lane, each) for lane in KERAS)]


def table_row(row: Entry) -> str:
    """Return one row of the index; the whole message can be found, though its beginning shows."""
    page, anchor = row.chapter.split("#")
    chapter = chapter_of(row.chapter)
    texts = dict.fromkeys(" ".join(text.split()) for text in [*row.versions.values(), *row.older])
    hidden = html.escape(" ".join([*texts, *map(plain, texts), *row.exception]))
    axes = " ".join(axis.replace(" ", "-") for axis in row.axes)
    return (
        f'<tr id="{row.id}" data-kinds="{chapter}" data-exception="{" ".join(row.exception)}" '
        f'data-layer="{" ".join(layers(row))}" data-axis="{axes}" '
        f'data-backend="{" ".join(backends(row))}" data-text="{hidden}">'
        f'<th scope="row"><a href="messages/{row.id}.html">{with_code(row.title)}</a></th>'
        f"<td><code>{html.escape(beginning(row))}</code></td>"
        f'<td><a href="{page}.html#{anchor}">{CHAPTERS[chapter]}</a></td></tr>'
    )


def with_code(text: str) -> str:
    """Return Markdown's inline code as HTML; nothing else is marked in a title."""
    parts = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
