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

{when}<details class="makers"><summary>What we wanted: {summary(goals)}</summary>

{lines}

</details>
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
        return "every goal is met" if met > 1 else "the goal is met"
    return f"{met} of {len(goals)} goals are met"


def goal_line(goal: measure.Goal, reason: str | None = None) -> str:
    """Return one goal as an item of a list, with the reason why it is missed."""
    mark = "" if goal.met else "**missed**: "
    return f"- {mark}{goal.line}" + (f". {reason}" if reason else "")


def advice(tables: dict) -> list[str]:
    """Say what to choose, by the stored numbers: sentences of Markdown.

    Args:
        tables: What each module measured, as in results.json under ``tables``.
    """
    epochs, tokens, feeding = (tables[name]["cells"] for name in ("epochs", "tokens", "feeding"))
    fed = {way: row["over the floor"] for way, row in feeding.items()}
    column = "log-normal, 16"
    ladder, grouped = 'ladder, tail="even"', "length-grouped sampler (own copy of the method)"
    first, held = (
        min((f"{way}, store={kept}" for way in ("tf_dataset", "PlannedDataset")), key=fed.get)
        for kept in (True, False)
    )
    return [
        *(_plan(model, said, epochs) for model, said in _MODELS.items()),
        f"**Compiled by XLA**: a ladder. It meets "
        f"{tokens[ladder][column][1]} shapes where grouping by length meets "
        f"{tokens[grouped][column][1]}, and computes {tokens[ladder][column][0]:.2f} tokens for "
        f"each true one (grouping: {tokens[grouped][column][0]:.2f}).",
        f"**There is memory for the padded rows**: `{first}` ({fed[first]:.2f} times what `fit` "
        "itself takes).",
        f"**There is not**: `{held}` ({fed[held]:.2f}; `from_generator` with `pad_sequences`: "
        f"{fed['tf.data from_generator with pad_sequences']:.2f}).",
    ]


_MODELS = {"LSTM": "A recurrent model", "Conv1D": "A convolution", "transformer": "Attention"}


def _plan(model: str, said: str, epochs: dict) -> str:
    """Name the plan whose epoch takes least, and what the plainest two take."""
    found = {
        plan: row[model] for plan, row in epochs.items() if row.get(model) and "ideal" not in plan
    }
    best = min(found, key=found.get)
    return (
        f"**{said}** ({model}): `{best}`. An epoch takes {_times(found[best])} times as long as "
        f"without any padding; rows as they come take {_times(found['as they come'])} times, and "
        f"one length for all {_times(found['one length for all'])}."
    )


def _times(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
