"""The error index: what a message means, and expected errors shown tidily in a notebook.

The rows live in ``errors.yml``, beside this file. The same rows make the book's error index, the
title page's search and the tests that still provoke every message.
"""

import functools
import importlib.resources
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Entry:
    """One row of the error index.

    Attributes:
        id: Name of the row, and its anchor on the page ``error-index``.
        title: The problem in a few words.
        pattern: Regular expression for the message's stable part, see :func:`find`.
        exception: Names of the exceptions, or warnings, that carry the message.
        provoke: Name of the function in ``tests/provoke.py`` that causes it.
        cause: Why it happens, in Markdown.
        fix: What to do, in Markdown.
        chapter: Page and anchor of the book that explain it, such as ``tail-batches#the-proof``.
        versions: The wording by version lane; a lane that is missing does not show the message.
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
    text = importlib.resources.files("helpers").joinpath("errors.yml").read_text("utf-8")
    return tuple(
        Entry(**{**row, "exception": tuple(row["exception"])}) for row in yaml.safe_load(text)
    )


def fold(text: str) -> str:
    r"""Take terminal colours out of a text and make every run of white space one space.

    Args:
        text: Any text, such as a traceback copied from a terminal.

    Returns:
        The text that the patterns of the error index are matched against.

    Example:
        >>> fold("a\n   message")
        'a message'
    """
    return " ".join(_COLOUR_CODES.sub("", text).split())


def find(error: BaseException | str) -> Entry | None:
    """Return the first row of the error index that matches an exception or a text.

    Runs of white space, line breaks included, count as one space, so a message that a terminal
    has wrapped is still found. Of an exception, its causes and its notes are searched too.

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
    text = fold(_text_of(error))
    return next((entry for entry in catalogue() if re.search(entry.pattern, text)), None)


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


@contextmanager
def expected(
    *exceptions: type[BaseException],
    shows: str | re.Pattern | None = None,
    says: str | None = None,
) -> Iterator[None]:
    """Expect the block to raise, and print one line in place of the traceback.

    Args:
        *exceptions: The classes that may be raised; any ``Exception`` where none is given. An
            exception of another class passes through.
        shows: Text that must occur in the message (white space folded, causes and notes included);
            it is what gets printed after the exception's name. None prints the first line. Where
            the wording depends on the version, give a compiled pattern and `says`.
        says: The whole line to print instead.

    Raises:
        AssertionError: Nothing was raised, or the message does not contain `shows`.
        TypeError: `shows` is a pattern and `says` is missing.

    Example:
        >>> with expected(ValueError, shows="invalid literal for int()"):
        ...     int("nine")
        ValueError: invalid literal for int()
    """
    _require_says(shows, says)
    wanted = exceptions or (Exception,)
    try:
        yield
    except wanted as error:
        message = _text_of(error)
        if not _occurs(shows, message):
            raise AssertionError(f"{_plain(shows)!r} is not in the message:\n{message}") from error
        print(says or f"{type(error).__name__}: {_plain(shows) or _first_line(error)}")
    else:
        names = " or ".join(kind.__name__ for kind in wanted)
        raise AssertionError(f"nothing was raised, expected {names}")


@contextmanager
def warned(
    *,
    shows: str | re.Pattern | None = None,
    says: str | None = None,
    category: type[Warning] = UserWarning,
) -> Iterator[None]:
    """Expect the block to warn, and print one line in place of the warning.

    Warnings that do not match are issued as usual when the block ends.

    Args:
        shows: Text that must occur in the warning (white space folded); it is what gets printed
            after the category's name. None accepts any warning of the category and prints its
            first line. A compiled pattern needs `says`.
        says: The whole line to print instead.
        category: Class of the warning.

    Raises:
        AssertionError: No such warning was issued.
        TypeError: `shows` is a pattern and `says` is missing.

    Example:
        >>> with warned(shows="low on rows"):
        ...     warnings.warn("we are low on rows")
        UserWarning: low on rows
    """
    _require_says(shows, says)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    hits = [
        record
        for record in caught
        if issubclass(record.category, category) and _occurs(shows, str(record.message))
    ]
    for record in caught:
        if record not in hits:
            warnings.warn_explicit(record.message, record.category, record.filename, record.lineno)
    if not hits:
        seen = "\n".join(f"{record.category.__name__}: {record.message}" for record in caught)
        raise AssertionError(
            f"no {category.__name__} with {_plain(shows)!r} was issued; "
            + (f"these were:\n{seen}" if seen else "there was no warning at all")
        )
    first = hits[0]
    print(says or f"{first.category.__name__}: {_plain(shows) or _first_line(first.message)}")


def load_ipython_extension(ipython: Any) -> None:
    """Print the matching entry of the error index under every traceback (``%load_ext helpers``).

    Args:
        ipython: The running IPython shell.
    """
    ipython.events.register("post_run_cell", _explain_after_cell)


def unload_ipython_extension(ipython: Any) -> None:
    """Stop printing entries under tracebacks (``%unload_ext helpers``).

    Args:
        ipython: The running IPython shell.
    """
    ipython.events.unregister("post_run_cell", _explain_after_cell)


def _explain_after_cell(result: Any) -> None:
    """Show the entry for the error with which a cell ended; a message without one adds nothing."""
    error = result.error_in_exec or result.error_before_exec
    if error is None:
        return
    explanation = explain(error)
    if explanation.entry is not None:
        from IPython.display import display

        display(explanation)


def _text_of(error: BaseException | str) -> str:
    """Return the text to search: the messages of an exception, of its notes and its causes."""
    if isinstance(error, str):
        return error
    if not isinstance(error, BaseException):
        raise TypeError(f"error must be an exception or a str, got {type(error).__name__}")
    parts, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        parts.append(f"{type(error).__name__}: {error}")
        parts.extend(getattr(error, "__notes__", ()))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(parts)


def _occurs(shows: str | re.Pattern | None, message: str) -> bool:
    text = fold(message)
    if isinstance(shows, re.Pattern):
        return shows.search(text) is not None
    return shows is None or fold(shows) in text


def _plain(shows: str | re.Pattern | None) -> str | None:
    return shows.pattern if isinstance(shows, re.Pattern) else shows


def _first_line(error: BaseException | str) -> str:
    """Return the first line of a message, without addresses, which differ from run to run."""
    lines = str(error).strip().splitlines()
    return _ADDRESS.sub("0x…", lines[0].strip()) if lines else "(no message)"


def _require_says(shows: str | re.Pattern | None, says: str | None) -> None:
    if isinstance(shows, re.Pattern) and says is None:
        raise TypeError("shows is a pattern: give says, the line to print")


def _place(chapter: str) -> str:
    page, _, anchor = chapter.partition("#")
    return f"{page}, section {anchor}" if anchor else page
