r"""What a paste says: the messages in it, the one to answer first.

A paste may be a traceback, plain, chained or grouped, with the context lines of IPython or the time
stamps of a log, warnings above it, or one line of a message. The page's script,
``book/_static/find-error.js``, does the same; it is handed :data:`READING` when the site is built,
so all of it is what Python and JavaScript read alike.
"""

import re
from dataclasses import dataclass, field

READING: dict[str, str] = {
    # Colours of a terminal, control characters, and characters without a width.
    "junk": r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0e-\x1f\x7f\x85\xad\u200b-\u200f\u2060\ufeff]",
    # A shape as PyTorch writes it.
    "size": r"torch\.Size\(\[([\d, ]*)\]\)",
    # What a log, pytest, a quotation or an ExceptionGroup writes before a line, a part at a time.
    "before": (
        r"\s*(?:\[[^\[\]{]{0,60}[A-Za-z:][^\[\]{]{0,60}\]|\d+[-:/.][\d:.,/+TZ-]*"
        r"|(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL|stderr|stdout)\b"
        r"(?::(?!\w*Error)[\w.]+(?=:))?|E(?=\s)|[|>+│]|[-–](?=\s)|[\w.-]{1,40}(?=\s*\|))[:|]*"
    ),
    "stamp": r"\s*\[?\d{4}-\d\d-\d\d[T ]\d\d:",
    "level": r"\b(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)\b",
    "frames": r"\bTraceback(?: \(most recent call last\)|\s*$)",
    "frame": r'File (?:["~/<]|[A-Za-z]:\\)|Cell In ?\[|Input In ?\[|<ipython-input',
    "chain": (
        r"During handling of the above exception|The above exception was the direct cause"
        r"|\+-[+-]*-{4}|-{20}"
    ),
    "raised": (
        r"(?:[A-Za-z_][\w.]*\.)?[A-Z_]\w*(?:Error|Exception|Interrupt|Iteration|Exit|Group)"
        r"(?:\s*\(\d+\))?:(?:\s|$)"
    ),
    # A message of TensorFlow that quotes exceptions and tracebacks to its end.
    "quoting": r"[\w.]+: (?:Graph execution error|in user code):",
    # The first such line under frames, whatever its name, if it is no Python.
    "named": (
        r"(?!(?:else|try|finally|pass|raise|return|break|continue)\b)[A-Za-z_][\w.]*(?::\s|:?$)"
    ),
    "warned": r"(?:\S.*:\d+: )?(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*Warning: ",
    "anywhere": (
        r"\b[A-Z]\w*(?:Error|Exception|Interrupt|Iteration):|\bTraceback \(most recent call last\)"
    ),
    "arrow": r"^-+> *\d+ ",
    "source": r"^(?:-+>)? *\d+(?: |$)",
}
_RE = {name: re.compile(pattern) for name, pattern in READING.items()}

PASTE = 400_000  # characters at the end of a paste that are read
MESSAGE = 20_000  # characters at the end of a message that the patterns see
_ALL = 40_000  # characters of all messages together
_MOST = 20  # messages
_PARTS = 8  # parts that may come before a line
_START = 300  # characters of a line that say what it is


@dataclass(frozen=True)
class Paste:
    """The messages of a paste, folded, the one to answer first; and whether one was raised."""

    texts: tuple[str, ...]
    raised: bool


@dataclass
class _Said:
    """One message while it is read: how deep it lies in a group, and its lines."""

    warns: bool
    depth: int
    parts: int
    record: str | None  # the level of a log, "" if it has none; None without a time stamp
    lines: list[str] = field(default_factory=list)


def fold(text: str) -> str:
    r"""Take terminal colours out of a text and make every run of white space one space.

    A shape of PyTorch, ``torch.Size([2, 5])``, is written as others write it: ``(2, 5)``.

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
    return " ".join(_RE["size"].sub(r"(\1)", _RE["junk"].sub("", text)).split())


def check_text(name: str, value: str | None) -> None:
    """Say what is wrong with ``name`` if it is no text; without NumPy, as all here."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a text, got {type(value).__name__}")


def read(text: str) -> Paste:
    """Return the messages of a pasted text.

    Of what was raised the last comes first, then its causes, from the last to the first; the
    members of a group follow the group. Where nothing was raised the whole text is the message.
    """
    lines = _lines(text)
    said = _ordered([each for each in _said(lines) if not each.warns])
    if said:
        warns = _RE["warned"].match(said[0].lines[0])  # a warning that was raised
        return _cut([" ".join(each.lines) for each in said], raised=not warns)
    if any(_RE["arrow"].search(line) for line in lines):
        lines = [line for line in lines if not _RE["source"].search(line)]
    whole = " ".join(lines)
    return _cut([whole], raised=bool(_RE["anywhere"].search(whole)))


def read_exception(error: BaseException) -> Paste:
    """Return the messages of an exception: its own, with its notes, its causes', its members'."""
    return _cut(exception_texts(error), raised=not isinstance(error, Warning))


def exception_texts(error: BaseException) -> list[str]:
    """Return the texts of an exception, of its causes, and of the members of a group."""
    texts: list[str] = []
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        texts.append("\n".join([f"{type(each).__name__}: {_written(each)}", *_notes(each)]))
        context = None if each.__suppress_context__ else each.__context__
        waiting.insert(0, each.__cause__ or context)
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(each.exceptions)
    return texts


def _notes(error: BaseException) -> list[str]:
    return [str(note) for note in getattr(error, "__notes__", ())]


def _written(error: BaseException) -> str:
    """Return the message of an exception; "" where writing it raises in turn."""
    try:
        return str(error)
    except Exception:
        return ""


def _cut(texts: list[str], *, raised: bool) -> Paste:
    """Fold the texts and cut each, and all together, to the length that is searched."""
    found, left = [], _ALL
    for text in list(dict.fromkeys(texts))[:_MOST]:
        folded = fold(text)[-min(MESSAGE, left) :]
        found.append(folded)
        left -= len(folded)
        if left <= 0:
            break
    return Paste(tuple(found), raised)


def _lines(text: str) -> list[str]:
    text = _RE["junk"].sub("", text[-PASTE:])
    if "Traceback (most recent call last):\\n" in text:  # a log that writes a text on one line
        text = text.replace("\\n", "\n")
    return text.replace("\r", "\n").split("\n")


def _said(lines: list[str]) -> list[_Said]:
    """Return what the lines raise and warn of, in their order.

    A traceback that a message quotes has an empty line after its first, which no other has.
    """
    found: list[_Said] = []
    current: _Said | None = None  # the message that the lines continue
    frames: int | None = None  # how far the traceback is indented, above its message
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        parts, at, depth = _before(line)
        body = line[at:].lstrip()
        indent = len(line) - at - len(body)
        start = body[:_START]
        quotes = current is not None and _RE["quoting"].match(current.lines[0][:_START]) is not None
        if _RE["frames"].search(start) and not (quotes and not after.strip()):
            current, frames = None, indent
        elif _RE["chain"].match(start):
            current, frames = None, None
        elif current is None and _RE["frame"].match(start):
            frames = indent if frames is None else frames
        elif not quotes and _opens(start, indent, frames, current):
            warns = frames is None and bool(_RE["warned"].match(start))
            current, frames = _Said(warns, depth, parts, _record(line), [body]), None
            found.append(current)
        elif current is not None and _record(line) not in (None, current.record):
            current = None
        elif current is not None:
            current.lines.append(line[_before(line, current.parts)[1] :])
    return found


def _opens(start: str, indent: int, frames: int | None, current: _Said | None) -> bool:
    """Whether a line begins a message; one that a line ending in a colon announces does not."""
    if frames is not None:
        return indent <= frames and any(_RE[name].match(start) for name in ("raised", "named"))
    if _RE["warned"].match(start):
        return True
    announced = current is not None and _last(current.lines).endswith(":")
    return not announced and _RE["raised"].match(start) is not None


def _last(lines: list[str]) -> str:
    return next((line.rstrip() for line in reversed(lines[-3:]) if line.strip()), "")


def _before(line: str, most: int = _PARTS) -> tuple[int, int, int]:
    """Return how many parts come before a line, where they end, and where their last bar is."""
    at = depth = count = 0
    while count < most and (part := _RE["before"].match(line, at, at + _START)):
        at, count = part.end(), count + 1
        depth = at if "|" in part[0] else depth
    return count, at, depth


def _record(line: str) -> str | None:
    """Return the level of a log's line, "" if it has none, None if it has no time stamp."""
    if not _RE["stamp"].match(line):
        return None
    level = _RE["level"].search(line[: _before(line)[1]])
    return level[0] if level else ""


def _ordered(said: list[_Said]) -> list[_Said]:
    """Put the last first; what lies deeper follows the group it belongs to, in its order."""
    groups: list[list[_Said]] = []
    for each in said:
        if groups and each.depth > groups[-1][0].depth:
            groups[-1].append(each)
        else:
            groups.append([each])
    return [each for group in reversed(groups) for each in group]
