"""What ``python -m helpers audit`` does, once the user's module has been imported."""

import inspect
import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import keras

from helpers.auditing.addresses import page_address
from helpers.auditing.baseline import Baseline
from helpers.auditing.engine import audit
from helpers.auditing.report import Report
from helpers.auditing.rule import Check, checks, chosen
from helpers.auditing.sarif import as_sarif
from helpers.auditing.settings import TABLE, read
from helpers.targets import Misuse, Raised, Target, report

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_ARGUMENTS = tuple(inspect.signature(audit).parameters)
_WIDTH = 96
FORMATS: dict[str, Callable[[Report, Target], str]] = {
    "text": lambda found, _: str(found),
    "json": lambda found, _: found.as_json(),
    "html": lambda found, _: found.as_html(),
    "sarif": lambda found, target: as_sarif(found, target.file, target.line),
}


@dataclass(frozen=True)
class Outcome:
    """What an audit in a shell ends with.

    Attributes:
        text: The report in the format that was asked for.
        verdict: In one line for a person, whether it fails and why.
        status: The exit status: 0 or 1.
    """

    text: str
    verdict: str
    status: int


def run(target: Target, form: str, asked: dict) -> Outcome:
    """Audit what a function returns.

    Args:
        target: The function; it returns ``(model, data)`` or a dict of arguments for `audit`.
        form: One of `FORMATS`.
        asked: What the shell says: fields of `Settings`, None where it is silent.

    Raises:
        Misuse: The function returns something else, or an argument is wrong.
        Raised: The function raises, or the data does while the audit reads it.
    """
    arguments = _arguments(target)
    over = {name: asked[name] for name in ("select", "ignore", "batches")}
    arguments |= {name: one for name, one in over.items() if one is not None}
    over = {name: asked[name] for name in ("fail_on", "strict", "baseline")}
    settings = read(Path.cwd()).but(**over)
    if asked["write_baseline"] and settings.baseline is None:
        raise Misuse(f"--write-baseline: expected --baseline FILE, or baseline in [{TABLE}]")
    try:
        found = settings.audit(arguments, target.name)
    except Misuse:
        raise
    except Exception as error:
        raise _sorted_out(error, target) from None
    if asked["write_baseline"]:
        count = Baseline.read(settings.baseline).written(found, target.name)
        verdict = f"{target.name}: {settings.baseline} knows {count} finding{'s' * (count != 1)}"
        return Outcome(FORMATS[form](found, target), verdict, 0)
    why = settings.failures(found)
    verdict = f"{target.name} {'fails: ' + ', '.join(why) if why else 'passes'} ({found.summary})"
    if found.undecided and not settings.strict:
        verdict += "; undecided is no pass: --strict fails on it"
    return Outcome(FORMATS[form](found, target), verdict, int(bool(why)))


def explain(code: str) -> str:
    """Return what there is to know about the rules of a code or a name."""
    try:
        return "\n\n\n".join(map(_page, chosen(code, None)))
    except ValueError as error:
        raise Misuse(f"--explain: {str(error).partition(': ')[2]}") from None


def listing() -> str:
    """Return a line for each rule."""
    rules = [one.rule for one in checks()]
    wide = max(len(rule.name) for rule in rules)
    return "\n".join(f"{r.code}  {r.name:{wide}}  {r.severity:7}  {r.title}" for r in rules)


def _arguments(target: Target) -> dict:
    returned = target.call()
    what = f"{target.name}: expected (model, data) or a dict of arguments for helpers.audit, "
    if isinstance(returned, dict):
        unknown = [name for name in returned if name not in _ARGUMENTS]
        if unknown:
            raise Misuse(f"{what}got the key {unknown[0]!r}; there are {', '.join(_ARGUMENTS)}")
        missing = [name for name in ("model", "data") if name not in returned]
        if missing:
            raise Misuse(f"{what}got a dict without {' and '.join(map(repr, missing))}")
        return dict(returned)
    if not isinstance(returned, tuple | list):
        raise Misuse(f"{what}got {type(returned).__name__}")
    if len(returned) != 2 or not isinstance(returned[0], keras.Layer):
        kinds = ", ".join(type(one).__name__ for one in returned[:4])
        raise Misuse(f"{what}got a {type(returned).__name__} of {len(returned)}: {kinds}")
    return {"model": returned[0], "data": returned[1]}


def _sorted_out(error: Exception, target: Target) -> Exception:
    """Return misuse for what the audit refuses, and a traceback for what others raise."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    ours = last is not None and last.tb_frame.f_code.co_filename.startswith(_PACKAGE)
    if ours and isinstance(error, TypeError | ValueError):
        return Misuse(f"{target.name}: {error}")
    return Raised(report(error, f"the model or the data of {target.name} raised in the audit"))


def _page(one: Check) -> str:
    rule = one.rule
    address = page_address(f"audit-rules/{rule.name}")
    parts = [
        f"{rule.code} {rule.name} ({rule.severity})\n{rule.title}.",
        _block("What it does", rule.does),
        _block("Why it is bad", rule.why),
        _block("What to do", rule.fix),
        f"Broken\n\n{textwrap.indent(_source(one.broken), '    ')}",
        f"Mended\n\n{textwrap.indent(_source(one.mended), '    ')}",
        _block("Read more in the book", f"book/{rule.chapter} {address}".rstrip()),
    ]
    if len(rule.backends) < 3:
        parts.insert(1, f"Only on {' and '.join(rule.backends)}.")
    return "\n\n".join(parts)


def _block(head: str, text: str) -> str:
    return f"{head}\n\n" + textwrap.fill(
        text, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )


def _source(example: Any) -> str:
    """Return the source of an example below that of the module's functions it uses."""
    found: dict[str, str] = {}

    def add(function: Any) -> None:
        for name in _names(function.__code__):
            used = function.__globals__.get(name)
            own = isinstance(used, type | FunctionType) and used.__module__ == example.__module__
            if own and name not in found:
                found[name] = ""
                if isinstance(used, FunctionType):
                    add(used)
                found[name] = inspect.getsource(used)

    add(example)
    return "\n\n".join([*(text for text in found.values()), inspect.getsource(example)]).rstrip()


def _names(code: Any) -> list[str]:
    inner = [each for each in code.co_consts if hasattr(each, "co_names")]
    return [*code.co_names, *(name for each in inner for name in _names(each))]
