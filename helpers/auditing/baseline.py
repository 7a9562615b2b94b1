"""A baseline: the findings that a project knows, which are not reported again.

A finding is known by its code and by where it is, its feed with it, and not by any number: neither
what was measured nor the number of a batch or of an unnamed layer. So two of one kind are told
apart by how many there are.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.arguments import shown
from helpers.auditing.report import Finding, Report
from helpers.targets import Misuse

_VERSION = 1


@dataclass(frozen=True)
class Baseline:
    """What a file of known findings holds.

    Attributes:
        file: Its name.
        known: For each target, how many findings there are of a code in a place.
    """

    file: Path
    known: dict[str, Counter]

    @classmethod
    def read(cls, file: Path) -> "Baseline":
        """Return what a file holds; nothing is known where there is none yet."""
        if not file.exists():
            return cls(file, {})
        try:
            held = json.loads(file.read_text("utf-8"))
            if held["version"] != _VERSION:
                raise ValueError(f"version {shown(held['version'])}, expected {_VERSION}")
            known = {
                target: Counter({(e["code"], e["where"]): int(e["count"]) for e in entries})
                for target, entries in held["targets"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            said = f"baseline: expected a file of --write-baseline, got {file}: {error}"
            raise Misuse(said) from None
        return cls(file, known)

    def applied(self, report: Report, target: str | None) -> Report:
        """Return a report in which known findings and what is no longer found are set apart.

        Args:
            report: With all findings.
            target: Whose entries count; None: those of all, and nothing is stale.
        """
        mine = self.known.values() if target is None else [self.known.get(target, Counter())]
        left = sum(mine, Counter())
        new: list[Finding] = []
        known: list[Finding] = []
        for finding in report.findings:
            there = left[place(finding)] > 0
            left[place(finding)] -= there
            (known if there else new).append(finding)
        ran = {finding.code for finding in report.findings}
        ran |= {one.rule.code for one in report.passed}  # what is undecided may still be there
        stale = [
            f"{code} in {where}" + (f", {count} times" if count > 1 else "")
            for (code, where), count in sorted(left.items())
            if count > 0 and code in ran and target
        ]
        return replace(report, findings=tuple(new), known=tuple(known), stale=tuple(stale))

    def written(self, report: Report, target: str) -> int:
        """Write the findings of a report as the known ones of a target; return how many there are.

        Entries of rules that have not run, or could not decide, stay.
        """
        found = [*report.findings, *report.known]
        ran = {finding.code for finding in found} | {one.rule.code for one in report.passed}
        kept = {key: n for key, n in self.known.get(target, {}).items() if key[0] not in ran}
        targets = {**self.known, target: Counter(map(place, found)) + Counter(kept)}
        held = {
            name: [
                {"code": code, "where": where, "count": count}
                for (code, where), count in sorted(entries.items())
            ]
            for name, entries in sorted(targets.items())
            if entries
        }
        text = json.dumps({"version": _VERSION, "targets": held}, indent=2)
        try:
            self.file.write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise Misuse(f"baseline: expected a file that can be written, got {error}") from None
        return len(found)


def place(finding: Finding) -> tuple[str, str]:
    """Return what a finding is known by: its code, and where it is, without numbers."""
    return finding.code, re.sub(r"[0-9]+", "#", finding.where)
