"""What an audit in a shell or a test is asked for: ``[tool.ragged-edges.audit]``.

The call ``helpers.audit`` itself reads no file: a program says what it wants where it calls.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from helpers.arguments import is_integer, shown
from helpers.auditing.baseline import Baseline
from helpers.auditing.engine import audit
from helpers.auditing.report import Report
from helpers.auditing.rule import SEVERITIES
from helpers.targets import Misuse

TABLE = "tool.ragged-edges.audit"


@dataclass(frozen=True)
class Settings:
    """What holds where nothing else is said.

    Attributes:
        select: Codes, names or beginnings of codes of the rules to run; None: all.
        ignore: Those not to run.
        fail_on: The mildest severity of a finding that fails.
        strict: Whether a rule that cannot decide fails, too.
        batches: How many batches of each dataset to look at; None: as many as `audit` does.
        baseline: The file of known findings.
    """

    select: list[str] | None = None
    ignore: list[str] | None = None
    fail_on: str = "error"
    strict: bool = False
    batches: int | None = None
    baseline: Path | None = None

    def but(self, **given: Any) -> "Settings":
        """Return the settings with those that are given and not None in their place."""
        return replace(self, **{name: one for name, one in given.items() if one is not None})

    def audit(self, arguments: dict, target: str | None) -> Report:
        """Return the report on a call of `audit`, whose own arguments come first.

        Known findings are set apart: those that the baseline has for a target, None for any.
        """
        held = {"select": self.select, "ignore": self.ignore, "batches": self.batches}
        known = Baseline.read(self.baseline) if self.baseline else None
        held = {name: one for name, one in held.items() if one is not None}
        report = audit(**{**held, **arguments})
        return known.applied(report, target) if known else report

    def failures(self, report: Report) -> list[str]:
        """Return in a few words each why a report fails; nothing if it passes."""
        counts = {
            severity: sum(finding.severity == severity for finding in report.findings)
            for severity in SEVERITIES[: SEVERITIES.index(self.fail_on) + 1]
        }
        why = [f"{count} {name}{'s' * (count > 1)}" for name, count in counts.items() if count]
        if self.strict and report.undecided:
            why.append(f"{len(report.undecided)} undecided")
        return why


def read(folder: Path) -> Settings:
    """Return the settings of the nearest ``pyproject.toml`` that has the table, from a folder up.

    Raises:
        Misuse: Such a file cannot be read, or says something that is no setting.
    """
    for each in (folder, *folder.parents):
        file = each / "pyproject.toml"
        if file.is_file():
            table = _table(file)
            if table is not None:
                return _settings(table, file)
    return Settings()


def _table(file: Path) -> dict | None:
    try:
        found: Any = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misuse(f"{file}: expected TOML, got {error}") from None
    for name in TABLE.split("."):
        found = found.get(name)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise Misuse(f"{file}: expected a table [{TABLE}], got {name} = {shown(found)}")
    return found


def _texts(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(one, str) and one for one in given)


_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "select": ("a list of codes or names", _texts),
    "ignore": ("a list of codes or names", _texts),
    "fail-on": (f"one of {', '.join(SEVERITIES)}", lambda one: one in SEVERITIES),
    "strict": ("true or false", lambda one: isinstance(one, bool)),
    "batches": ("an integer from 2", lambda one: is_integer(one) and one >= 2),
    "baseline": ("the name of a file", lambda one: isinstance(one, str) and bool(one)),
}


def _settings(table: dict, file: Path) -> Settings:
    for name, given in table.items():
        if name not in _KINDS:
            raise Misuse(f"{file}: [{TABLE}] has {name!r}; there are {', '.join(_KINDS)}")
        expected, fits = _KINDS[name]
        if not fits(given):
            raise Misuse(f"{file}: [{TABLE}] {name}: expected {expected}, got {shown(given)}")
    held = {name.replace("-", "_"): given for name, given in table.items()}
    if "baseline" in held:
        held["baseline"] = file.parent / held["baseline"]
    return Settings(**held)
