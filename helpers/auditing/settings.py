"""What an audit in a shell or a test is asked for, beside the model and the data."""

from dataclasses import dataclass, replace
from typing import Any

from helpers.auditing.engine import audit
from helpers.auditing.report import Report
from helpers.auditing.rule import SEVERITIES


@dataclass(frozen=True)
class Settings:
    """What holds where nothing else is said.

    Attributes:
        select: Codes, names or beginnings of codes of the rules to run; None: all.
        ignore: Those not to run.
        fail_on: The mildest severity of a finding that fails.
        strict: Whether a rule that cannot decide fails, too.
        batches: How many batches of each dataset to look at; None: as many as `audit` does.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    fail_on: str = "error"
    strict: bool = False
    batches: int | None = None

    def but(self, **given: Any) -> "Settings":
        """Return the settings with those that are given and not None in their place."""
        return replace(self, **{name: one for name, one in given.items() if one is not None})

    def audit(self, arguments: dict) -> Report:
        """Return the report on a call of `audit`, whose own arguments come first."""
        held = {"select": self.select, "ignore": self.ignore, "batches": self.batches}
        held = {name: one for name, one in held.items() if one is not None}
        held = {name: list(one) if isinstance(one, tuple) else one for name, one in held.items()}
        return audit(**{**held, **arguments})

    def failures(self, report: Report) -> list[str]:
        """Return in a few words each why a report fails; nothing if it passes."""
        mildest = SEVERITIES.index(self.fail_on)
        counts = {
            severity: sum(finding.severity == severity for finding in report.findings)
            for severity in SEVERITIES[: mildest + 1]
        }
        why = [f"{count} {name}{'s' * (count > 1)}" for name, count in counts.items() if count]
        if self.strict and report.undecided:
            why.append(f"{len(report.undecided)} undecided")
        return why
