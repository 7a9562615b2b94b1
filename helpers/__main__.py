"""The command line of the helpers.

``python train.py 2>&1 | python -m helpers explain`` says what an error means, ``python -m helpers
audit train:model_and_data`` what is wrong with a model and its data.
"""

import argparse
import codecs
import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from helpers.errors import Explanation, explain
from helpers.targets import Misuse, Raised, load

_KEPT = 4_000_000  # bytes at the end of what comes in that are kept, an even number
_STATUS = "exit status: 0 answered, 1 not answered, 2 misuse"
_AUDIT_STATUS = (
    "exit status: 0 no finding at or above the level of --fail-on, 1 findings, or with --strict "
    "undecided rules, 2 misuse or an error in the function, the model or the data"
)


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
    auditor = _audit_command(commands)
    options = parser.parse_args(arguments)
    if "file" in options:
        return _explain(command, options.file, as_json=options.json)
    if "target" in options:
        return _audit(auditor, options)
    parser.print_help()
    return 0


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


def _audit_command(commands: Any) -> argparse.ArgumentParser:
    command = commands.add_parser(
        "audit",
        help="say what is wrong with a model and its data: python -m helpers audit train:function",
        description=(
            "Call a function without arguments that returns (model, data), or a dict of arguments "
            "for helpers.audit, and report what is wrong with them. The report alone goes to the "
            "standard output; what the function and the frameworks print, and a verdict in a line, "
            "go to the standard error. Settings are read from [tool.ragged-edges.audit] in the "
            "nearest pyproject.toml that has it: select, ignore, fail-on, strict, batches, "
            "baseline. What the function returns outranks them, and an option outranks both."
        ),
        epilog=_AUDIT_STATUS,
    )
    add = command.add_argument
    add("target", nargs="?", metavar="module:function", help="or path/to/file.py:function")
    codes = {"type": _codes, "action": "extend", "metavar": "CODES"}
    add("--select", help="only these rules: codes, names, beginnings, with commas", **codes)
    add("--ignore", help="not these rules", **codes)
    add("--format", choices=("text", "json", "sarif", "html"), default="text")
    add("--output", metavar="FILE", help="write the report here, not to the standard output")
    add(
        "--fail-on",
        choices=("error", "warning", "note"),
        help="the mildest finding that fails (default: error)",
    )
    add(
        "--strict",
        action=argparse.BooleanOptionalAction,
        help="whether a rule that cannot decide fails, too (default: it is told, and does not)",
    )
    add("--batches", type=int, help="how many batches of each dataset to look at")
    add("--baseline", type=Path, metavar="FILE", help="a file of known findings, which do not fail")
    add("--write-baseline", action="store_true", help="write what is found as known; status 0")
    add("--explain", metavar="RULE", help="say what a rule does, with its examples")
    add("--list", action="store_true", help="list the rules")
    return command


def _codes(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _audit(command: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if (options.target is not None) + (options.explain is not None) + options.list != 1:
        command.error("expected one of module:function, --explain and --list")
    file = Path(options.output) if options.output else None
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        command.error(f"--output: expected a file in a folder that is there, got {file}")
    verdict, status = "", 0
    try:
        with _only_reports_on_stdout():
            target = load(options.target) if options.target else None
            # With Keras: after the module of the user, who may choose its backend there.
            shell: Any = importlib.import_module("helpers.auditing.shell")
            if options.list:
                text = shell.listing()
            elif options.explain is not None:
                text = shell.explain(options.explain)
            else:
                outcome = shell.run(target, options.format, vars(options))
                text, verdict, status = outcome.text, outcome.verdict, outcome.status
    except Misuse as error:
        command.error(str(error))
    except Raised as error:
        print(error, file=sys.stderr)
        return 2
    if file is not None:
        try:
            file.write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            command.error(f"--output: expected a file that can be written, got {error}")
    else:
        encoding = sys.stdout.encoding or "utf-8"
        _write(sys.stdout.buffer, f"{text}\n".encode(encoding, "replace"))
    if verdict:
        print(verdict, file=sys.stderr)
    return status


@contextlib.contextmanager
def _only_reports_on_stdout() -> Iterator[None]:
    """Send all that others print, in Python, C or processes of their own, to the standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            os.dup2(2, 1)
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


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
