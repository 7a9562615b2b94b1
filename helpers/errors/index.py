"""The rows of the error index, and how a message finds its own.

A row is a file, ``rows/ID.yml``, beside the function that causes its message,
``situations/ID_WITH_UNDERSCORES.py``. The same rows make the book's error index, the title page's
search and the tests that still provoke every message. :class:`Entry` says what a row holds.
"""

import functools
import importlib.resources
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C it takes a tenth of the time
_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")
# The page's script, book/_static/find-error.js, does the same with the same numbers.
_READ = 20_000  # characters at the end of a text that are read: a traceback ends in its message
_SPAN = 2_000  # characters that a `.*` of a pattern spans: so a search takes linear time
_RAISED = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Interrupt|Iteration):|Traceback \(most recent")


@dataclass(frozen=True)
class Entry:
    """One row of the error index.

    The file of a row holds all but the id, which is its name. It may leave out `provoke` and
    `no_mend`. Its `position` is its place on the page and in the search; a row without one comes
    last. The first row that matches is the answer, so a special case comes before a general one.

    Attributes:
        id: Name of the row, and its anchor on the page ``error-index``.
        title: The problem in a few words.
        pattern: Regular expression for the message's stable part, see :func:`find`; only what
            Python and JavaScript read alike. Where the file has ``.*`` it spans 2,000 characters.
        exception: Names of the exceptions, or warnings, that carry the message.
        provoke: Name that the page gives to the function that causes it; the id, if left out.
        cause: Why it happens, in one to three sentences of Markdown.
        fix: What to do, in one to three sentences of Markdown.
        chapter: Page and anchor of the book that explain it, such as ``tail-batches#the-proof``.
        versions: The wording by version lane (main: Keras 3.15, colab: Keras 3.13), with … where
            it varies; a lane that is missing does not show the message.
        no_mend: Why the row has no ``mend()``, a sentence; empty if it has one.
    """

    id: str
    title: str
    pattern: str
    exception: tuple[str, ...]
    provoke: str
    cause: str
    fix: str
    chapter: str
    versions: Mapping[str, str]
    no_mend: str = ""

    @property
    def warns(self) -> bool:
        """Whether the message is only ever a warning."""
        return all(name.endswith("Warning") for name in self.exception)


@dataclass(frozen=True, repr=False)
class Explanation:
    """What the error index says of a message; prints as text and shows as Markdown.

    Attributes:
        entry: The row that matches, or None.
    """

    entry: Entry | None

    def __str__(self) -> str:
        if self.entry is None:
            return (
                "The error index has no entry for this message.\n"
                "Look for a similar symptom on the page error-index of the book."
            )
        entry = self.entry
        return (
            f"{entry.title}\n"
            f"Cause: {fold(entry.cause)}\n"
            f"Fix:   {fold(entry.fix)}\n"
            f"Read:  {_place(entry.chapter)} (error-index, {entry.id})"
        )

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        if self.entry is None:
            return (
                "**The error index has no entry for this message.** "
                "Look for a similar symptom on the page *error-index* of the book."
            )
        entry = self.entry
        return (
            f"**{entry.title}**\n\n"
            f"- **Cause:** {fold(entry.cause)}\n"
            f"- **Fix:** {fold(entry.fix)}\n"
            f"- **Read:** {_place(entry.chapter)} (*error-index*, `{entry.id}`)"
        )


@functools.cache
def catalogue() -> tuple[Entry, ...]:
    """Return the rows of the error index, in the order in which they are searched.

    Returns:
        The entries. The first one that matches a message is the answer.

    Example:
        >>> all(entry.cause and entry.fix for entry in catalogue())
        True
    """
    folder = importlib.resources.files("helpers.errors") / "rows"
    rows = [_row(file) for file in folder.iterdir() if file.name.endswith(".yml")]
    rows.sort(key=lambda row: (row.pop("position", math.inf), row["id"]))
    return tuple(Entry(**row) for row in rows)


def _row(file: Traversable) -> dict:
    """Read a row, and add what its file may leave out."""
    name = file.name.removesuffix(".yml")
    try:
        row = yaml.load(file.read_bytes(), _LOADER)
        row["exception"] = tuple(row["exception"])
        row["pattern"] = row["pattern"].replace(".*", f".{{0,{_SPAN}}}")
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise ValueError(f"{file}: expected the fields of a row, got {error!r}") from error
    return {"id": name, "provoke": name.replace("-", "_"), **row}


def fold(text: str) -> str:
    r"""Take terminal colours out of a text and make every run of white space one space.

    Args:
        text: Any text, such as a traceback copied from a terminal.

    Returns:
        The text that the patterns of the error index are matched against.

    Raises:
        TypeError: `text` is no text.

    Example:
        >>> fold("a\n   message")
        'a message'
    """
    check_text("text", text)
    return " ".join(_COLOUR_CODES.sub("", text).split())


def find(error: BaseException | str) -> Entry | None:
    """Return the first row of the error index that matches an exception or a text.

    Runs of white space, line breaks included, count as one space, so a message that a terminal
    has wrapped is still found. Of an exception, its causes and its notes are searched too. Where
    something was raised a warning beside it is not the answer, and of a long text only the last
    20,000 characters are read.

    Args:
        error: An exception, a warning, or any text, such as a whole traceback.

    Returns:
        The entry, or None where no row matches.

    Raises:
        TypeError: `error` is neither an exception nor a text.

    Example:
        >>> find("ValueError: The PyDataset has length 0").id
        'dataset-length-zero'
    """
    text = fold(text_of(error)[-2 * _READ :])[-_READ:]
    raised = bool(_RAISED.search(text))
    rows = (entry for entry in catalogue() if not (raised and entry.warns))
    return next((entry for entry in rows if re.search(entry.pattern, text)), None)


def explain(error: BaseException | str) -> Explanation:
    """Explain an exception or a message: its cause, its fix, and where the book shows it.

    Args:
        error: An exception, a warning, or any text, such as a whole traceback.

    Returns:
        An object that prints well and that a notebook shows as formatted text. It says so where
        the error index has no entry.

    Raises:
        TypeError: `error` is neither an exception nor a text.

    Example:
        >>> print(explain("some other trouble").entry)
        None
    """
    return Explanation(find(error))


def check_text(name: str, value: str | None) -> None:
    """Say what is wrong with ``name`` if it is no text; without NumPy, as all here."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a text, got {type(value).__name__}")


def text_of(error: BaseException | str) -> str:
    """Return the text to search: the messages of an exception, of its notes and its causes."""
    if isinstance(error, str):
        return error
    if not isinstance(error, BaseException):
        raise TypeError(f"error: expected an exception or a str, got {type(error).__name__}")
    parts, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        parts.append(f"{type(error).__name__}: {error}")
        parts.extend(getattr(error, "__notes__", ()))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(parts)


def _place(chapter: str) -> str:
    page, _, anchor = chapter.partition("#")
    return f"{page}, section {anchor}" if anchor else page
