"""Show a GPU cell: as measured here, or as it was recorded elsewhere."""

import html
import inspect
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.arguments import shown
from helpers.gpu import device
from helpers.gpu.record import Cell, first_line, measure
from helpers.gpu.runs import RUNS, Run, read_runs


@dataclass(frozen=True)
class Result:
    """What a GPU cell shows: a headline, the runs, and the source of the function.

    The last line of a notebook cell displays it: as text, or as HTML with a table for each run.
    """

    headline: str
    runs: tuple[Run, ...] = ()
    source: str = ""

    def __repr__(self) -> str:
        return "\n\n".join([self.headline, *map(as_text, self.runs)])

    def _repr_html_(self) -> str:
        headline = re.sub("`(.+?)`", r"<code>\1</code>", html.escape(self.headline))
        source = (
            "<details><summary>The function that runs on the GPU</summary>"
            f"<pre><code>{html.escape(self.source)}</code></pre></details>"
        )
        tables = [as_table(run) for run in self.runs]
        parts = [f"<p>{headline}</p>", *tables, *([source] if self.source else [])]
        return '<div class="gpu-cell">' + "".join(parts) + "</div>"


def gpu_cell(function: Cell, *, runs: str | Path = RUNS) -> Result:
    """Run a GPU cell if there is a GPU, else show its recorded runs.

    Without a GPU, without a recorded run, with a run that fails or a damaged file of runs, the
    notebook goes on: what happened is in the headline.

    Args:
        function: a function of :mod:`helpers.gpu_cells`; it is called without arguments.
        runs: the file with the recorded runs; if it is absent, there are none.

    Returns:
        A `Result`, which a notebook displays as the run made just now, or the recorded runs, or
        one line that says what is missing.

    Raises:
        TypeError: if ``function`` is not a function, or ``runs`` no path.

    Example:
        >>> from helpers.gpu_cells import tail_batch_compile
        >>> gpu_cell(tail_batch_compile)  # doctest: +SKIP
        No GPU here and no recorded run yet: `make gpu`, on a machine with a GPU, records one.
    """
    if not inspect.isfunction(function):
        raise TypeError(f"function: expected a function, got {type(function).__name__}")
    if not isinstance(runs, str | os.PathLike):
        raise TypeError(f"runs: expected a path, got {shown(runs)}")
    source = _source(function)
    try:
        found = device.gpu()
        if found is not None:
            run = measure(function, found, command="this cell")
            return Result("Measured now, on this machine's GPU.", (run,), source)
        reason = "No GPU here"
    except Exception as error:  # a reader must be able to go on with the notebook, whatever it is
        reason = f"The GPU run failed here ({first_line(error)})"
    try:
        recorded = tuple(run for run in read_runs(runs) if run.cell == function.__name__)
    except (OSError, ValueError) as error:
        return Result(f"{reason}, and no recorded run can be shown: {error}", (), source)
    if not recorded:
        advice = "`make gpu`, on a machine with a GPU, records one."
        return Result(f"{reason} and no recorded run yet: {advice}", (), source)
    return Result(f"{reason}. Recorded earlier, on another machine's GPU:", recorded, source)


def _facts(run: Run) -> dict[str, str]:
    """Everything but the result, as the reader sees it."""
    several = f"{run.gpu.count} x " if run.gpu.count > 1 else ""
    return {
        "device": several + run.gpu.name,
        "driver": run.gpu.driver,
        "backend": run.gpu.backend,
        "versions": ", ".join(f"{name} {run.versions[name]}" for name in sorted(run.versions)),
        "date": run.date,
        "command": run.command,
    }


def _shown_result(run: Run) -> dict[str, str]:
    return {name.replace("_", " "): _three_digits(value) for name, value in run.result.items()}


def _three_digits(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def as_text(run: Run) -> str:
    """A run as lines of text."""
    rows = {**_facts(run), **_shown_result(run)}
    width = max(map(len, rows))
    return "\n".join([run.cell, *(f"  {name:<{width}}  {text}" for name, text in rows.items())])


def as_table(run: Run) -> str:
    """A run as an HTML table."""
    rows = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
        for name, text in {**_facts(run), **_shown_result(run)}.items()
    )
    return f"<table><caption>{html.escape(run.cell)}</caption><tbody>{rows}</tbody></table>"


def _source(function: Cell) -> str:
    try:
        return inspect.getsource(function)
    except OSError:  # defined where Python keeps no source
        return ""
