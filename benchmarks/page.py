"""The tables of the book, made from the stored results."""

import importlib
from html import escape

from benchmarks import measure


def section(name: str, result: dict) -> str:
    """Return one table with its goals, as MyST Markdown."""
    module = importlib.import_module(f"benchmarks.{name}")
    goals, reasons = module.goals(result), module.limits(result)
    lines = "\n".join(goal_line(goal, reasons.get(goal.text)) for goal in goals)
    when = f"Measured on {result['measured']}.\n\n" if "measured" in result else ""
    return f"""\
{html(measure.table(result["cells"], module.CORNER), module.TITLE)}

{when}{summary(goals)}

{lines}
"""


def html(rows: list[list[str]], title: str) -> str:
    """Lay out a table as HTML: one that scrolls on a narrow page, with the keyboard too."""
    head, *body = [[escape(text) for text in row] for row in rows]
    heads = "".join(f'<th scope="col">{text}</th>' for text in head)
    lines = "\n".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{text}</td>" for text in others)}</tr>'
        for first, *others in body
    )
    return f"""\
```{{raw}} html
<div class="pst-scrollable-table-container" tabindex="0" role="region" aria-label="{escape(title)}">
<table class="table benchmark-table">
<thead><tr>{heads}</tr></thead>
<tbody>
{lines}
</tbody>
</table>
</div>
```"""


def summary(goals: list[measure.Goal]) -> str:
    """Say how many goals are met."""
    met = sum(goal.met for goal in goals)
    if met == len(goals):
        return "Every goal is met:" if met > 1 else "The goal is met:"
    return f"{met} of {len(goals)} goals are met:"


def goal_line(goal: measure.Goal, reason: str | None = None) -> str:
    """Return one goal as an item of a list, with the reason why it is missed."""
    mark = "" if goal.met else "**missed**: "
    return f"- {mark}{goal.line}" + (f". {reason}" if reason else "")
