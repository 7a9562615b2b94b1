"""The page of the book, written from the stored results."""

import importlib
from html import escape

from benchmarks import MODULES, measure

NAMES = {"python": "Python", "numpy": "NumPy", "tensorflow": "TensorFlow", "keras": "Keras"}


def page(results: dict) -> str:
    """Return the page as MyST Markdown.

    Args:
        results: What ``results.json`` holds: ``machine``, and under ``tables`` what each module
            measured.
    """
    sections = "\n".join(section(name, results["tables"][name]) for name in MODULES)
    return f"""\
<!-- Written by tools/pages.py from benchmarks/results.json. -->
# Benchmarks

What the helpers cost, beside what others use. Run `make bench` to measure it on your machine, or
`python -m benchmarks.tokens` for one table. Every number is a ratio: the unit of each table is the
row with 1.000. Times are processor time, all threads together; the candidates of a table run in
turn and each keeps its best round. Under each table stand our goals and what came out.

{machine(results["machine"])}

{sections}"""


def machine(facts: dict) -> str:
    """Say on what the results were measured."""
    versions = ", ".join(f"{title} {facts[key]}" for key, title in NAMES.items())
    return (
        f"Measured on {facts['date']}: {facts['processor']}, {facts['cores']} cores, "
        f"{facts['system']}; {versions}. NumPy sorts and copies with "
        f"{facts['vector instructions that NumPy uses']}."
    )


def section(name: str, result: dict) -> str:
    """Return one table with its words and its goals."""
    module = importlib.import_module(f"benchmarks.{name}")
    goals, reasons = module.goals(result), module.limits(result)
    lines = "\n".join(goal_line(goal, reasons.get(goal.text)) for goal in goals)
    return f"""\
(benchmark-{name})=
## {module.TITLE}

{module.ABOUT}
{html(measure.table(result["cells"], module.CORNER), module.TITLE)}

{summary(goals)}

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
