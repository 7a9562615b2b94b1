"""A page for each failure without a message, and their table.

The pages are Markdown files in ``book/symptoms``, which git ignores, as those of `messages` are.
Their code is cut from ``helpers/errors/silent``, whose three functions a test runs.
"""

import html
from collections.abc import Iterable
from pathlib import Path

from helpers.errors import silent
from helpers.errors.silent import Symptom, catalogue

from . import examples, messages
from .errors import link, plain
from .filtered_table import filtered_table

FOLDER = "book/symptoms"
_COLUMNS = ("What you see", "For example", "Chapter")
_BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def write(root: Path) -> None:
    """Write the pages that have changed, and delete those whose symptom has gone."""
    pages = {f"{symptom.id}.md": page(symptom) for symptom in catalogue()}
    messages.write_pages(root / FOLDER, pages)


def page(symptom: Symptom) -> str:
    """Return the page of one symptom, as MyST Markdown: first what to do, then how to tell."""
    code = _Code(symptom.id)
    parts = [
        messages.front_matter(f"{plain(symptom.title)}. {plain(symptom.fix)}"),
        f"# {symptom.title}\n",
        f"**Nothing is raised.** {symptom.happens.strip()}\n",
        f"## Use instead\n\n{symptom.fix.strip()}\n",
        f"```python\n{code.twin('mend')}\n```\n",
        f"## How to tell\n\n{symptom.tell.strip()}\n",
        f"```python\n{code.detector()}\n```\n",
        f"{_numbers(symptom)} A test runs both{_where(symptom)}.\n",
        f"## What goes wrong\n\nSee {link('../' + symptom.chapter)}. This code does it:\n",
        f"```python\n{code.twin('broken')}\n```\n",
        "[All failures without a message](../silent-failures.md).\n",
    ]
    return "\n".join(parts)


def _numbers(symptom: Symptom) -> str:
    got = "something else" if symptom.got is None else f"`{symptom.got}`"
    return (
        "It returns what you get and what you should get. After the code above both are "
        f"`{symptom.wanted}`; after the code below you get {got}."
    )


def _where(symptom: Symptom) -> str:
    *others, last = (_BACKENDS[backend] for backend in symptom.backends)
    names = f"{', '.join(others)} and {last}" if others else last
    return f", on Keras 3.15 and 3.13, on {names}"


class _Code(examples.Module):
    """A module of helpers/errors/silent, read and not run."""

    def __init__(self, symptom: str):
        self.definitions, self.imports = {}, {}
        file = Path(silent.__file__).parent / f"{symptom.replace('-', '_')}.py"
        self._read(file.read_text("utf-8"))

    def twin(self, name: str) -> str:
        """Return the body of ``broken`` or ``mend``, without what it returns, and all it uses."""
        function, text = self.definitions[name]
        return self.with_what_it_uses(examples.source(text, function.body[:-1]), function.body)

    def detector(self) -> str:
        """Return ``detect``, and a call of it with the names that the twins give."""
        function, text = self.definitions["detect"]
        call = f"print(detect({', '.join(each.arg for each in function.args.args)}))"
        shown = f"{examples.source(text, [function])}\n\n\n{call}"
        return self.with_what_it_uses(shown, [function])


def table(symptoms: Iterable[Symptom]) -> str:
    """Return the failures without a message as HTML: a table, with its controls, by chapter."""
    chapters = list(messages.CHAPTERS)
    rows = sorted(
        symptoms, key=lambda symptom: chapters.index(messages.chapter_of(symptom.chapter))
    )
    head = "".join(f'<th scope="col">{each}</th>' for each in _COLUMNS)
    body = "\n".join(map(table_row, rows))
    caption = "What goes wrong without a message"
    return filtered_table("messages", caption, "every chapter", messages.CHAPTERS, head, body)


def table_row(symptom: Symptom) -> str:
    """Return one row of the table; why it happens can be found, though it does not show."""
    page, anchor = symptom.chapter.replace("_", "-").split("#")  # as docutils writes ids
    chapter = messages.chapter_of(symptom.chapter)
    hidden = html.escape(" ".join(plain(f"{symptom.happens} {symptom.fix}").split()))
    got = "varies" if symptom.got is None else f"<code>{symptom.got}</code>"
    numbers = f"{got}, should be <code>{symptom.wanted}</code>"
    return (
        f'<tr id="{symptom.id}" data-kinds="{chapter}" data-text="{hidden}">'
        f'<th scope="row"><a href="symptoms/{symptom.id}.html">'
        f"{messages.with_code(symptom.title)}</a></th>"
        f"<td>{numbers}</td>"
        f'<td><a href="{page}.html#{anchor}">{messages.CHAPTERS[chapter]}</a></td></tr>'
    )
