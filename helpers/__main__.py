"""The command line of the helpers: ``python train.py 2>&1 | python -m helpers explain``."""

import argparse
import codecs
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from helpers.errors import Explanation, explain

_KEPT = 4_000_000  # bytes at the end of what comes in that are kept, an even number
_STATUS = "exit status: 0 answered, 1 not answered, 2 misuse"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; without one list them. Return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers",
        description="Helpers of the book Ragged Edges. Without a command this list is shown.",
        epilog="python -m helpers.devices lists and records the cells that need a GPU.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    command = commands.add_parser(
        "explain",
        help="say what an error message means: python train.py 2>&1 | python -m helpers explain",
        description="Read a program's output, pass it on, and explain the error it ends with.",
        epilog=f"{_STATUS}. In a pipe, `set -o pipefail` keeps the program's own status.",
    )
    command.add_argument("file", nargs="?", help="a file to read in place of what comes in")
    command.add_argument(
        "--json",
        action="store_true",
        help="print the answer as JSON; what comes in is passed on to the standard error",
    )
    options = parser.parse_args(arguments)
    if "file" not in options:
        parser.print_help()
        return 0
    return _explain(command, options.file, as_json=options.json)


def _explain(command: argparse.ArgumentParser, file: str | None, *, as_json: bool) -> int:
    passed = None
    if file is None:
        passed = (sys.stderr if as_json else sys.stdout).buffer
        with _interrupts_ignored():
            read = _passed_on(sys.stdin.buffer, passed)
    else:
        try:
            read = Path(file).read_bytes()
        except OSError as error:
            command.error(f"file: expected a file that can be read, got {error}")
    explanation = explain(decoded(read))
    text = as_object(explanation) if as_json else str(explanation)
    between = "\n" if read and passed is not None and not as_json else ""
    encoding = sys.stdout.encoding or "utf-8"
    _write(sys.stdout.buffer, f"{between}{text}\n".encode(encoding, "replace"))
    return 1 if explanation.entry is None else 0


def decoded(read: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 where its mark comes first; odd bytes do no harm."""
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if read.startswith(mark):
            return read.decode("utf-16", "replace")
    return read.decode("utf-8", "replace")


def as_object(explanation: Explanation) -> str:
    """Return an explanation as JSON: the row's fields, `read`, `other` and `guesses`."""
    entry, other = explanation.entry, explanation.other
    fields = ("id", "title", "cause", "fix", "chapter")
    found = {name: getattr(entry, name, None) for name in fields}
    more = {
        "read": explanation.read,
        "other": other and other.id,
        "guesses": [row.id for row in explanation.guesses],
    }
    return json.dumps({"answered": entry is not None, **found, **more}, indent=2)


def _passed_on(source: BinaryIO, target: BinaryIO) -> bytes:
    """Pass on what comes in, as it comes, and return its last megabytes behind its first mark."""
    kept = bytearray()
    mark = b""
    while part := os.read(source.fileno(), 65536):
        _write(target, part)
        kept += part
        if len(kept) > 2 * _KEPT:
            mark = mark or bytes(kept[:2])
            del kept[: (len(kept) - _KEPT) // 2 * 2]
    return (mark if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else b"") + bytes(kept)


def _write(target: BinaryIO, part: bytes) -> None:
    """Write and flush; a reader that has gone, such as `head`, is no error."""
    with contextlib.suppress(BrokenPipeError):
        target.write(part)
        target.flush()


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let Ctrl-C end the program that writes, whose last words are then explained."""
    if sys.stdin.isatty():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    sys.exit(main())
