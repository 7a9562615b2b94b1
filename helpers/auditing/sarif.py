"""A report in SARIF 2.1.0, the format that code review tools read."""

import contextlib
import hashlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from helpers.auditing.addresses import page_address
from helpers.auditing.baseline import place
from helpers.auditing.report import Finding, Report
from helpers.auditing.rule import Rule, catalogue

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def as_sarif(report: Report, file: str = "", line: int = 1) -> str:
    """Return a report as SARIF 2.1.0, for tools that show findings beside code.

    Each finding is a result of a level, with what was measured in its message and its properties; a
    rule that could not decide is a notification of the run, for it is no pass and no finding.

    Args:
        report: What `audit` has returned.
        file: The source file of the model or of what puts it together: where the results are shown.
            It is named from the current folder, where it lies below it. ``""``: nowhere.
        line: The line in it.

    Returns:
        The log of one run, as JSON, with the rules that ran.

    Example:
        >>> report = Report(("a model",), (), (), (), ())
        >>> json.loads(as_sarif(report))["version"]
        '2.1.0'
    """
    ran = {one.code for one in report.findings}
    ran |= {one.rule.code for one in (*report.passed, *report.undecided)}
    rules = [rule for rule in catalogue() if rule.code in ran]
    places = {rule.code: index for index, rule in enumerate(rules)}
    notifications = [
        {
            "associatedRule": {"id": one.rule.code, "index": places[one.rule.code]},
            "level": "warning",
            "message": {"text": f"{one.rule.name} is undecided, which is no pass: {one.why}"},
            **_at(file, line, ""),
        }
        for one in report.undecided
    ]
    run = {
        "tool": {"driver": {**_driver(), "rules": [_described(rule) for rule in rules]}},
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": notifications},
        ],
        "results": [_result(one, places[one.code], file, line) for one in report.findings],
        "properties": {
            "summary": report.summary,
            "subject": list(report.subject),
            "assumed": list(report.assumed),
            "known": len(report.known),
        },
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _driver() -> dict:
    said = {"name": "Ragged Edges audit"}
    # A copy of the sources that was not installed, as in Colab, has no version.
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        said["version"] = importlib.metadata.version("ragged-edges")
    address = page_address("audit-rules")
    return {**said, **({"informationUri": address} if address else {})}


def _described(rule: Rule) -> dict:
    address = page_address(f"audit-rules/{rule.name}")
    parts = (rule.does, f"Why it is bad: {rule.why}", f"What to do: {rule.fix}")
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.does},
        "help": {"text": " ".join(parts), "markdown": "\n\n".join(parts)},
        "defaultConfiguration": {"level": rule.severity},
        **({"helpUri": address} if address else {}),
    }


def _result(finding: Finding, index: int, file: str, line: int) -> dict:
    said = finding.message.rstrip(".")
    text = f"{finding.where}: {said}. Measured: {finding.measured}. {finding.fix}"
    key = " ".join(place(finding))
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": text},
        **_at(file, line, finding.where),
        "partialFingerprints": {"rule/where": hashlib.sha256(key.encode()).hexdigest()[:32]},
        "properties": {"measured": finding.measured, "where": finding.where, "fix": finding.fix},
    }


def _at(file: str, line: int, where: str) -> dict:
    """Return the place in a file, and where in the model or the data, as far as they are known."""
    found: dict[str, Any] = {}
    if file:
        path, here = Path(file).resolve(), Path.cwd()
        inside = path.is_relative_to(here)
        # A relative address is one from the root of the repository, in code review tools.
        address = quote(path.relative_to(here).as_posix()) if inside else path.as_uri()
        found["physicalLocation"] = {
            "artifactLocation": {"uri": address},
            "region": {"startLine": line},
        }
    if where:
        found["logicalLocations"] = [{"fullyQualifiedName": where}]
    return {"locations": [found]} if found else {}
