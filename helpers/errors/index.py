"""The rows of the error index, and how a message finds its own.

A row is a file, ``rows/ID.yml``, beside the function that causes its message,
``situations/ID_WITH_UNDERSCORES.py``. The same rows make the book's error index, the title page's
search and the tests that still provoke every message. :class:`Entry` says what a row holds.
"""

import functools
import importlib.resources
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable

import yaml

from helpers.errors import matching, pastes
from helpers.errors.pastes import fold

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C it takes a tenth of the time
AXES = ("batch", "time", "features", "height and width", "channels")
_NODE = 500  # characters of the name of a node that a `[^}]*` spans
_SPAN = 2_000  # characters that a `.*` of a pattern spans: so a search takes linear time


@dataclass(frozen=True)
class Entry:
    """One row of the error index.

    The file of a row holds all but the id, which is its name. It may leave out `where`, `reads`,
    `no_mend` and `not_on`. Of the rows that fit the most specific is the answer: the one that reads
    more of the message, else the one with more conditions, else the one with the smaller
    `position`, which is also its place on the page; a row without one comes last.

    Attributes:
        id: Name of the row, of its page ``messages/ID`` and of its anchor on ``error-index``.
        title: The problem in a few words.
        pattern: Regular expression for the message's stable part, see :func:`find`; only what
            Python and JavaScript read alike. Where the file has ``.*`` it spans 2,000 characters,
            ``[^}]*`` 500.
            A part that a condition or `reads` needs has a name, ``(?P<name>...)``.
        exception: Names of the exceptions, or warnings, that carry the message.
        cause: Why it happens, in one to three sentences of Markdown.
        fix: What to do, in one to three sentences of Markdown.
        chapter: Page and anchor of the book that explain it, such as ``tail-batches#the-proof``.
        versions: The wording by version lane (main: Keras 3.15, colab: Keras 3.13), with … where
            it varies; a lane that is missing does not show the message. A backend that words it
            otherwise has its own: `jax`, `torch`, or `colab-jax` for one version.
        not_on: The backends, named in the same way, on which the mistake says nothing, or what
            another row answers, or where it cannot be made.
        no_mend: Why the row has neither ``mend()`` nor ``instead()``, a sentence; empty if it has
            one of them.
        axes: The axes that are of another size, of `AXES`; optional.
        older: Wordings of Keras 2 and TensorFlow 1 that the pattern knows and no test runs;
            optional.
        siblings: By id, rows with which it is easily confused, and half a sentence that says when
            the message is theirs; optional.
        where: Conditions on the named parts, all of which hold where the row fits, such as
            ``[a.rank, equals, b.rank]``, ``[a.0, differs, 1]`` or ``[a, clashes on, [0], b]``; see
            ``helpers.errors.matching``.
        reads: What was read, with the named parts in braces, such as
            ``axis 1, time: {a.1} against {b.1}``. Of several the first whose parts are all there.
    """

    id: str
    title: str
    pattern: str
    exception: tuple[str, ...]
    cause: str
    fix: str
    chapter: str
    versions: Mapping[str, str]
    no_mend: str = ""
    where: tuple[tuple, ...] = ()
    reads: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    older: tuple[str, ...] = ()
    siblings: Mapping[str, str] = field(default_factory=dict)
    not_on: tuple[str, ...] = ()

    def wording_on(self, lane: str, backend: str) -> str | None:
        """Return the wording on a version lane and a backend of Keras, None if it has none.

        Args:
            lane: ``main`` or ``colab``, as in `versions`.
            backend: ``tensorflow``, ``jax`` or ``torch``.

        Example:
            >>> find("The PyDataset has length 0").wording_on("main", "tensorflow")
            'The PyDataset has length 0'
        """
        for name in (f"{lane}-{backend}", backend, lane):
            if name in self.not_on:
                return None
            if name in self.versions:
                return self.versions[name]
        return None

    @property
    def warns(self) -> bool:
        """Whether the message is only ever a warning."""
        return all(name.endswith("Warning") for name in self.exception)


@dataclass(frozen=True, repr=False)
class Explanation:
    """What the error index says of a message; prints as text and shows as Markdown.

    Attributes:
        entry: The row that fits best, or None.
        other: A second row that fits, by another part of the message or by its cause, or None.
        read: What the row read in the message, such as "axis 1, time: 10 against 12", or "".
        guesses: Where no row fits and the message is probably of our subject: the two nearest.
    """

    entry: Entry | None
    other: Entry | None = None
    read: str = ""
    guesses: tuple[Entry, ...] = ()

    def __str__(self) -> str:
        if self.entry is None:
            return "\n".join([*self._nothing(), *(f"- {_named(row)}" for row in self.guesses)])
        entry = self.entry
        lines = [
            entry.title,
            f"Here:  {self.read}" if self.read else "",
            f"Cause: {fold(entry.cause)}",
            f"Fix:   {fold(entry.fix)}",
            f"Read:  {_place(entry.chapter)} (error-index, {entry.id})",
            f"Or:    {_named(self.other)}" if self.other else "",
        ]
        return "\n".join(line for line in lines if line)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        if self.entry is None:
            first, *rest = self._nothing()
            guesses = "".join(f"\n- {_named(row)}" for row in self.guesses)
            return f"**{first}** {' '.join(rest)}" + (guesses and "\n") + guesses
        entry = self.entry
        lines = [
            f"- **Here:** {self.read}" if self.read else "",
            f"- **Cause:** {fold(entry.cause)}",
            f"- **Fix:** {fold(entry.fix)}",
            f"- **Read:** {_place(entry.chapter)} (*error-index*, `{entry.id}`)",
            f"- **Or:** {_named(self.other)}" if self.other else "",
        ]
        return f"**{entry.title}**\n\n" + "\n".join(line for line in lines if line)

    def _nothing(self) -> list[str]:
        place = "on the page error-index of the book"
        said = "The error index has no entry for this message."
        if self.guesses:
            return [said, f"These are the nearest {place}, as guesses:"]
        return [said, f"Look for a similar symptom {place}."]


@functools.cache
def catalogue() -> tuple[Entry, ...]:
    """Return the rows of the error index, in the order of their positions.

    Returns:
        The entries, as they come on the page.

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
        spans = row["pattern"].replace(".*", f".{{0,{_SPAN}}}")
        row["pattern"] = spans.replace("[^}]*", f"[^}}]{{0,{_NODE}}}")
        row["not_on"] = tuple(row.get("not_on", ()))
        row["where"] = tuple(map(tuple, row.get("where", ())))
        reads = row.get("reads", ())
        row["reads"] = (reads,) if isinstance(reads, str) else tuple(reads)
        row |= {name: tuple(row.get(name, ())) for name in ("axes", "older")}
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise ValueError(f"{file}: expected the fields of a row, got {error!r}") from error
    return {"id": name, **row}


def find(error: BaseException | str) -> Entry | None:
    """Return the row of the error index that fits an exception or a text best.

    Runs of white space, line breaks included, count as one space, so a message that a terminal
    has wrapped is still found. Of a text the last exception is the question; after it come its
    causes and the members of a group, as of an exception, whose notes are read too. A warning is
    the answer only where nothing was raised. Of a long message the last 20,000 characters are
    searched, of a long text the last 400,000 are read.

    Args:
        error: An exception, a warning, or any text, such as a whole traceback.

    Returns:
        The entry, or None where no row fits.

    Raises:
        TypeError: `error` is neither an exception nor a text.

    Example:
        >>> find("ValueError: The PyDataset has length 0").id
        'dataset-length-zero'
    """
    fits = _fits(_paste(error))
    return fits[0].entry if fits else None


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
    paste = _paste(error)
    fits = _fits(paste)
    if fits:
        other = fits[1].entry if len(fits) > 1 else None
        return Explanation(fits[0].entry, other, fits[0].read)
    rows = catalogue()
    places = matching.nearest(_wordings(), paste.texts[0])
    return Explanation(None, guesses=tuple(rows[place] for place in places))


def wording(row: Entry) -> str:
    """Return what a message is compared with where no row fits: the row's title and wordings."""
    return fold(" ".join([row.title, *dict.fromkeys(row.versions.values())]))


def wordings(row: Entry) -> tuple[list[str], list[str]]:
    """Return the wordings of a row, those that its pattern knows by themselves, and the others.

    A part of one that it knows is answered by the row, if no other wording has that part.
    """
    told: list[str] = []
    untold: list[str] = []
    for text in dict.fromkeys(map(fold, row.versions.values())):
        knows = matching.fit(row, text.replace("…", ""))
        (told if knows else untold).append(matching.plain(text))
    return told, untold


@functools.cache
def _quotable() -> tuple[tuple[list[str], list[str]], ...]:
    return tuple(wordings(row) for row in catalogue())


@functools.cache
def _wordings() -> tuple[str, ...]:
    return tuple(wording(row) for row in catalogue())


def _paste(error: BaseException | str) -> pastes.Paste:
    if isinstance(error, str):
        return pastes.read(error)
    if not isinstance(error, BaseException):
        raise TypeError(f"error: expected an exception or a str, got {type(error).__name__}")
    return pastes.read_exception(error)


def _fits(paste: pastes.Paste) -> list[matching.Fit]:
    """Return two rows at most: the best fit of the first message with one, and the next."""
    found: dict[str, matching.Fit] = {}
    for text in paste.texts:
        for fit in matching.fits(catalogue(), text, raised=paste.raised):
            found.setdefault(fit.entry.id, fit)
        if len(found) > 1:
            break
    if not found:
        place = matching.quoted(_quotable(), paste.texts[0])
        return [] if place is None else [matching.Fit(catalogue()[place], 0, 0, "")]
    return list(found.values())[:2]


def _named(row: Entry) -> str:
    return f"{row.title} (error-index, {row.id})"


def _place(chapter: str) -> str:
    page, _, anchor = chapter.partition("#")
    return f"{page}, section {anchor}" if anchor else page
