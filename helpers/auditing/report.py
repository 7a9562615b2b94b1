"""What an audit found, and how that prints."""

import html
import json
import re
import textwrap
from dataclasses import asdict, dataclass
from typing import Any

from helpers.auditing.rule import Rule

_WIDTH = 76  # that a page of the book shows, and a terminal
_STALE = "In the baseline and found no more; --write-baseline takes it out"
_PAGE = ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:1rem}"


@dataclass(frozen=True)
class Finding:
    """One fault.

    Attributes:
        code: Code of the rule, such as ``RE104``.
        rule: Name of the rule.
        severity: ``"error"``, ``"warning"`` or ``"note"``.
        message: What is wrong, in one or two sentences.
        where: The layer, batch, row or argument that it is about.
        measured: The numbers that were measured.
        fix: What to do.
        page: Page of the book on the rule.
    """

    code: str
    rule: str
    severity: str
    message: str
    where: str
    measured: str
    fix: str
    page: str

    def __str__(self) -> str:
        rest = (f"measured: {self.measured}", f"fix: {self.fix}", f"page: {self.page}")
        head = _fold(f"{self.severity} {self.code} {self.rule} in {self.where}: {self.message}")
        return "\n".join([head, *(_fold(line, "    ") for line in rest)])


@dataclass(frozen=True)
class Verdict:
    """A rule that found nothing, or could not decide.

    Attributes:
        rule: What is said about the rule.
        why: Why it could not decide, or why there was nothing to check; ``""`` if it has checked
            and found nothing.
    """

    rule: Rule
    why: str = ""

    def __str__(self) -> str:
        head = f"{self.rule.code} {self.rule.name}"
        return f"{head}: {self.why}" if self.why else head


@dataclass(frozen=True, repr=False)
class Report:
    """What `audit` returns: print it, show it in a notebook, or assert on its lists.

    Attributes:
        subject: The model and the data, in one line each.
        findings: All findings, by code.
        passed: Rules that found nothing.
        undecided: Rules that could not decide, each with the reason. None of them is a pass.
        assumed: What was inferred and not given: lengths, the side and the value of padding.
        known: Findings that a baseline holds; they are in no other list.
        stale: What a baseline holds and was not found.
    """

    subject: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: tuple[Verdict, ...]
    undecided: tuple[Verdict, ...]
    assumed: tuple[str, ...]
    known: tuple[Finding, ...] = ()
    stale: tuple[str, ...] = ()

    @property
    def errors(self) -> list[Finding]:
        """Findings by which something is learned or answered wrongly."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """Findings that are wrong on other data, or may be."""
        return [finding for finding in self.findings if finding.severity == "warning"]

    @property
    def notes(self) -> list[Finding]:
        """Findings that cost time or memory, and change no result."""
        return [finding for finding in self.findings if finding.severity == "note"]

    @property
    def summary(self) -> str:
        """The counts, in a line."""
        counts = [
            _counted(len(self.errors), "error"),
            _counted(len(self.warnings), "warning"),
            _counted(len(self.notes), "note"),
            f"{_counted(len(self.passed), 'rule')} passed",
            f"{len(self.undecided)} undecided",
        ]
        counts += [f"{len(self.known)} known"] if self.known else []
        return ", ".join(counts)

    def __str__(self) -> str:
        blocks = ["\n".join([*map(_fold, self.subject), self.summary])]
        blocks += [str(finding) for finding in self.findings]
        if self.undecided:
            lines = [_fold(f"- {verdict}", "  ") for verdict in self.undecided]
            blocks.append("\n".join(["Undecided, which is no pass:", *lines]))
        checked = [str(verdict) for verdict in self.passed if not verdict.why]
        if checked:
            blocks.append(_fold(f"Passed: {', '.join(checked)}.", "  "))
        others = [str(verdict) for verdict in self.passed if verdict.why]
        if others:
            blocks.append(_fold(f"Nothing to check: {'; '.join(others)}.", "  "))
        if self.known:
            lines = [_fold(f"- {known}", "  ") for known in self._known()]
            blocks.append("\n".join(["Known, by the baseline:", *lines]))
        if self.stale:
            lines = [_fold(f"- {line}", "  ") for line in self.stale]
            blocks.append("\n".join([f"{_STALE}:", *lines]))
        if self.assumed:
            lines = [_fold(f"- {line}", "  ") for line in self.assumed]
            blocks.append("\n".join(["Assumed; give what is not so:", *lines]))
        return "\n\n".join(blocks)

    def __repr__(self) -> str:
        return f"<Report: {self.summary}>"

    def as_json(self) -> str:
        """Return the report as JSON: an object with the attributes above."""
        verdicts = {
            kind: [{"code": v.rule.code, "rule": v.rule.name, "why": v.why} for v in given]
            for kind, given in (("passed", self.passed), ("undecided", self.undecided))
        }
        found = [asdict(finding) for finding in self.findings]
        said = {"subject": list(self.subject), "findings": found, **verdicts}
        said |= {"assumed": list(self.assumed), "known": [asdict(one) for one in self.known]}
        return json.dumps({**said, "stale": list(self.stale)}, indent=2)

    def _known(self) -> list[str]:
        return [f"{one.severity} {one.code} {one.rule} in {one.where}" for one in self.known]

    def as_html(self) -> str:
        """Return the report as a page of HTML that stands alone."""
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{html.escape(f'Audit: {self.summary}')}</title><style>{_PAGE}</style></head>"
            f"<body><main><h1>Audit</h1>{self._repr_html_()}</main></body></html>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        said = "<br>".join(map(html.escape, self.subject))
        head = "".join(
            f'<th scope="col" style="{_CELL}">{name}</th>'
            for name in ("Rule", "What is wrong", "Measured", "Fix")
        )
        rows = "".join(_row(finding) for finding in self.findings)
        table = (
            f'<table class="re-audit-table" style="{_TABLE}"><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
        lists = [
            _list("Undecided, which is no pass", self.undecided),
            _list("Passed", self.passed),
            _list("Known, by the baseline", tuple(self._known())),
            _list(_STALE, self.stale),
            _list("Assumed; give what is not so", self.assumed),
        ]
        title = html.escape(f"Audit: {self.summary}")
        return (
            f'<div class="re-audit" role="region" aria-label="{title}" tabindex="0" '
            f'style="overflow-x:auto"><p class="re-audit-head"><strong>{title}</strong><br>{said}'
            f"</p>{table if rows else ''}{''.join(lists)}</div>"
        )


# Inside the tags, for Jupyter and Colab know no stylesheet of the book: what holds in light and in
# dark. Colours of a page are left to the page.
_TABLE = "border-collapse:collapse;min-width:34rem"
_CELL = "text-align:left;vertical-align:top;padding:.4em .6em;white-space:normal"
_EDGES = {"error": "#d9480f", "warning": "#b7791f", "note": "#3b82c4"}  # 3:1 on white and on black


def _row(finding: Finding) -> str:
    cells = (finding.message, finding.measured, finding.fix)
    head = html.escape(f"{finding.severity} {finding.code} {finding.rule}")
    where = f'<br><span style="font-weight:normal">{html.escape(finding.where)}</span>'
    edge = f"{_CELL};border-left:4px solid {_EDGES[finding.severity]}"
    return (
        f'<tr class="re-audit-{finding.severity}"><th scope="row" style="{edge}">{head}{where}</th>'
        + "".join(f'<td style="{_CELL}">{_marked(cell)}</td>' for cell in cells)
        + "</tr>"
    )


def _list(title: str, lines: tuple) -> str:
    items = "".join(f"<li>{_marked(str(line))}</li>" for line in lines)
    if not items:
        return ""
    return f"<details><summary>{title} ({len(lines)})</summary><ul>{items}</ul></details>"


def _marked(text: str) -> str:
    """Return a text as HTML, with code between back quotes."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _fold(text: str, indent: str = "") -> str:
    first = indent if indent == "    " else ""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=indent or "    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
