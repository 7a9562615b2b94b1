"""Which rows of the error index fit a message: patterns, conditions on what they read, guesses.

The page's script, ``book/_static/find-error.js``, decides in the same way from the same data.
"""

import collections
import functools
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from helpers.errors.index import Entry

RELATIONS = ("equals", "differs", "below", "among", "clashes on")
GUESSES = 2  # rows that are shown where none fits
# A message that no row fits is probably of our subject if it says both of these.
SUBJECT = (
    r"shape|\brank\b|ndim|dimension|\bbatch|\bmask|ragged|timestep|broadcast|cardinality|\bpadd"
    r"|\bsize of tensor"
)
FRAMEWORK = r"keras|tensor|\btf\.|\bjax\b|\btorch|\blayer|\[Op:|\{\{node|incompatible shapes"
# What comes before a part of a message that says which it is.
NAMED = r"^(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Warning): ?"
CALLED = r"Exception encountered when calling \w+\.call\(\)\."
_PART = 3  # words that a part of a message has, at least
_LONGEST = 400  # characters that it has, at most
_SHARED = 9.0  # how rare the words that a guess shares with the message are, at least
_PLACE = re.compile(r"\{([\w.:-]+)\}")


class Fit(NamedTuple):
    """A row that fits: where its match begins and ends in the message, and what it read there."""

    entry: "Entry"
    start: int
    end: int
    read: str


def axes(shape: str) -> list[str]:
    """Return the axes of a written shape, such as ``(None, 5)`` or ``[9,1]``, as texts."""
    parts = (part.strip() for part in shape.strip("()[] ").split(","))
    return [part for part in parts if part]


def value(operand: Any, groups: Mapping[str, str | None]) -> str | None:
    """Return what an operand of a condition means.

    Args:
        operand: ``a``, the text of the group of that name; ``a.rank``, ``a.0`` or ``a.1:``, of the
            shape in it the number of axes, one axis, the axes from there on. All else is itself.
        groups: The text of each named group; None for one that took no part.

    Returns:
        The text; None if the group took no part, "" if the shape has no such axis.
    """
    name, _, part = str(operand).partition(".")
    if name not in groups:
        return str(operand)
    text = groups[name]
    if text is None or not part:
        return text
    sizes = axes(text)
    if part == "rank":
        return str(len(sizes))
    if part.endswith(":"):
        return ",".join(sizes[int(part[:-1]) :])
    at = int(part)
    return sizes[at] if -len(sizes) <= at < len(sizes) else ""


def clashes(first: str, second: str) -> list[int]:
    """Return the axes, aligned at the last, whose two known sizes differ and of which none is 1."""
    ours, theirs = axes(first), axes(second)
    rank = max(len(ours), len(theirs))
    ours, theirs = (["1"] * (rank - len(sizes)) + sizes for sizes in (ours, theirs))
    pairs = enumerate(zip(ours, theirs, strict=True))
    return [
        axis
        for axis, (a, b) in pairs
        if a != b and a.isdecimal() and b.isdecimal() and "1" not in (a, b)
    ]


def holds(condition: Sequence, groups: Mapping[str, str | None]) -> bool:
    """Whether a condition holds; one on a group that took no part does.

    Args:
        condition: ``[a, equals, b]``, ``[a, differs, b]``, ``[a, below, b]`` of whole numbers,
            ``[a, among, [b, c]]``, or ``[a, clashes on, [0], b]``: these axes of two shapes, and no
            others, cannot be broadcast. For the operands see :func:`value`.
        groups: The text of each named group of the pattern.
    """
    left, relation, right = value(condition[0], groups), condition[1], condition[2]
    if relation == "among":
        return left is None or left in [str(each) for each in right]
    other = value(condition[3] if relation == "clashes on" else right, groups)
    if left is None or other is None:
        return True
    if relation == "clashes on":
        return clashes(left, other) == list(right)
    if relation == "below":
        return left.isdecimal() and other.isdecimal() and int(left) < int(other)
    return (left == other) is (relation == "equals")


def reading(templates: Sequence[str], groups: Mapping[str, str | None]) -> str:
    """Return the first template of whose operands, in braces, all have a value, or ""."""
    for template in templates:
        filled = template
        for operand in _PLACE.findall(template):
            found = value(operand, groups)
            if not found:
                break
            filled = filled.replace(f"{{{operand}}}", found)
        else:
            return filled
    return ""


def fit(row: "Entry", text: str) -> Fit | None:
    """Return where a row first matches a message and its conditions hold, or None."""
    for match in re.finditer(row.pattern, text):
        groups = match.groupdict()
        if all(holds(condition, groups) for condition in row.where):
            return Fit(row, match.start(), match.end(), reading(row.reads, groups))
    return None


def fits(rows: Sequence["Entry"], text: str, *, raised: bool) -> list[Fit]:
    """Return the rows that fit a message, the most specific first.

    A row is the more specific the more of the message it reads: the longer match, else the one
    with more conditions, else the smaller position. A row whose match lies within that of a
    more specific one is the general case of the same thing, and is left out. A warning is the
    answer only where nothing was raised and no other row fits.
    """
    found = [each for row in rows if (each := fit(row, text))]
    errors = [each for each in found if not each.entry.warns]
    found = errors if errors or raised else found
    found.sort(key=lambda each: (each.start - each.end, -len(each.entry.where)))
    kept: list[Fit] = []
    for each in found:
        if not any(more.start <= each.start and each.end <= more.end for more in kept):
            kept.append(each)
    return kept


def quoted(wordings: Sequence[tuple[list[str], list[str]]], text: str) -> int | None:
    """Return the place of the only row that has the whole text in a wording, or None.

    So is found what a page prints of a message: a part of at least three words, with the name of
    the exception before it or not, and maybe cut short by "…".

    Args:
        wordings: Of each row those that its pattern knows by themselves, and the others, without
            marks of code. A part of one of the others may be part of many messages: no answer.
        text: A folded message.
    """
    said = plain(re.sub(NAMED, "", text))
    if len(text) > _LONGEST or len(words(re.sub(CALLED, "", said))) < _PART:
        return None
    hits = []
    for place, (told, untold) in enumerate(wordings):
        known = any(said in one for one in told)
        if known or any(said in one for one in untold):
            hits.append((place, known))
    return hits[0][0] if len(hits) == 1 and hits[0][1] else None


def plain(text: str) -> str:
    """Return a folded text as a page's heading shows it: no marks of code, no "…" at its ends."""
    return text.replace("`", "").strip("… ")


def nearest(wordings: tuple[str, ...], text: str) -> list[int]:
    """Return the places of the wordings nearest to a message that is probably of our subject.

    The nearest shares the most words with the message, and has the fewest that the message has not;
    a word counts the more, the fewer wordings have it.
    """
    if not (re.search(SUBJECT, text) and re.search(FRAMEWORK, text)):
        return []
    said = set(words(text))
    known, rare = _weighed(wordings)
    scores = {}
    for place, each in enumerate(known):
        shared = round(sum(rare[word] for word in each & said), 6)
        if shared >= _SHARED:
            scores[place] = round(shared**2 / sum(rare[word] for word in each), 6)
    return sorted(scores, key=lambda place: -scores[place])[:GUESSES]


@functools.cache
def _weighed(wordings: tuple[str, ...]) -> tuple[list[set[str]], dict[str, float]]:
    """Return the words of each wording, and how rare each word is; made once."""
    known = [set(words(wording)) for wording in wordings]
    counts = collections.Counter(word for each in known for word in each)
    return known, {word: math.log(len(known) / count) for word, count in counts.items()}


def words(text: str) -> list[str]:
    """Return the words of at least three letters, in small letters."""
    return re.findall(r"[a-z]{3,}", text.lower())
