"""Expected errors and warnings, shown as one tidy line in a notebook."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from helpers.errors.pastes import check_text, exception_texts, fold

_MOST = 200  # characters of what was looked for
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


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
        TypeError: `shows` is a pattern and `says` is missing, or one of the arguments is something
            else.

    Example:
        >>> with expected(ValueError, shows="invalid literal for int()"):
        ...     int("nine")
        ValueError: invalid literal for int()
    """
    _check_lines(shows, says)
    for kind in exceptions:
        _check_class("exceptions", kind, BaseException)
    wanted = exceptions or (Exception,)
    try:
        yield
    except wanted as error:
        message = "\n".join(exception_texts(error))
        if not _occurs(shows, message):
            raise AssertionError(f"{_quoted(shows)} is not in the message:\n{message}") from error
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
        TypeError: `shows` is a pattern and `says` is missing, or one of the arguments is something
            else.

    Example:
        >>> with warned(shows="low on rows"):
        ...     warnings.warn("we are low on rows")
        UserWarning: low on rows
    """
    _check_lines(shows, says)
    _check_class("category", category, Warning)
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
            f"no {category.__name__} with {_quoted(shows)} was issued; "
            + (f"these were:\n{seen}" if seen else "there was no warning at all")
        )
    first = hits[0]
    print(says or f"{first.category.__name__}: {_plain(shows) or _first_line(first.message)}")


def _occurs(shows: str | re.Pattern | None, message: str) -> bool:
    text = fold(message)
    if isinstance(shows, re.Pattern):
        return shows.search(text) is not None
    return shows is None or fold(shows) in text


def _plain(shows: str | re.Pattern | None) -> str | None:
    return shows.pattern if isinstance(shows, re.Pattern) else shows


def _quoted(shows: str | re.Pattern | None) -> str:
    text = repr(_plain(shows))
    return text if len(text) <= _MOST else f"{text[:_MOST]} …"


def _first_line(error: BaseException | str) -> str:
    """Return the first line of a message, without addresses, which differ from run to run."""
    lines = str(error).strip().splitlines()
    return _ADDRESS.sub("0x…", lines[0].strip()) if lines else "(no message)"


def _check_class(name: str, kind: type, base: type) -> None:
    if not (isinstance(kind, type) and issubclass(kind, base)):
        got = kind.__name__ if isinstance(kind, type) else f"a value of type {type(kind).__name__}"
        raise TypeError(f"{name}: expected a subclass of {base.__name__}, got {got}")


def _check_lines(shows: str | re.Pattern | None, says: str | None) -> None:
    if shows is not None and not isinstance(shows, re.Pattern):
        check_text("shows", shows)
    if says is not None:
        check_text("says", says)
    if isinstance(shows, re.Pattern) and says is None:
        raise TypeError("shows is a pattern: give says, the line to print")
