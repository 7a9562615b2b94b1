"""Show a GPU cell: as measured here, on a GPU or small on the CPU, and as recorded elsewhere."""

import html
import inspect
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers.arguments import mapping, shown
from helpers.gpu import device
from helpers.gpu.record import Cell, first_line, measure
from helpers.gpu.runs import RUNS, Run, plain, read_runs

_ON_CPU = "a small size on the CPU"


@dataclass(frozen=True)
class Result:
    """What a GPU cell shows: a headline, the runs, and the source of the function.

    The last line of a notebook cell displays it: as text, or as HTML with a table for each run.
    ``on_cpu`` has the numbers of a small size on the CPU: they are never among the runs.
    """

    headline: str
    runs: tuple[Run, ...] = ()
    source: str = ""
    on_cpu: Mapping[str, float] | None = None

    def __repr__(self) -> str:
        small = [] if self.on_cpu is None else [_lines(_ON_CPU, _numbers(self.on_cpu))]
        return "\n\n".join([self.headline, *small, *map(as_text, self.runs)])

    def _repr_html_(self) -> str:
        headline = re.sub("`(.+?)`", r"<code>\1</code>", html.escape(self.headline))
        source = (
            "<details><summary>The function that runs on the GPU</summary>"
            f"<pre><code>{html.escape(self.source)}</code></pre></details>"
        )
        small = [] if self.on_cpu is None else [_table(_ON_CPU, _numbers(self.on_cpu))]
        tables = [*small, *(as_table(run) for run in self.runs)]
        parts = [f"<p>{headline}</p>", *tables, *([source] if self.source else [])]
        return '<div class="gpu-cell">' + "".join(parts) + "</div>"


def gpu_cell(
    function: Cell, *, small: Mapping[str, Any] | None = None, runs: str | Path = RUNS
) -> Result:
    """Run a GPU cell if there is a GPU, else a small size of it, and show its recorded runs.

    Without a GPU, without a recorded run, with a run that fails or a damaged file of runs, the
    notebook goes on: what happened is in the headline.

    Args:
        function: a function of :mod:`helpers.gpu_cells`; on a GPU it is called without arguments.
        small: the arguments with which it takes seconds on a CPU; None does not run it there.
        runs: the file with the recorded runs; if it is absent, there are none.

    Returns:
        A `Result`, which a notebook displays as the run made just now, or as the numbers of the
        small size and the recorded runs. A number of the CPU is called so, and is not recorded.

    Raises:
        TypeError: if ``function`` is not a function, ``small`` no mapping of names, or ``runs``
            no path.

    Example:
        >>> from helpers.gpu_cells import tail_batch_compile
        >>> gpu_cell(tail_batch_compile)  # doctest: +SKIP
        No GPU here. No run is recorded yet: `make gpu`, on a machine with a GPU, records one.
    """
    if not inspect.isfunction(function):
        raise TypeError(f"function: expected a function, got {type(function).__name__}")
    if not isinstance(runs, str | os.PathLike):
        raise TypeError(f"runs: expected a path, got {shown(runs)}")
    if small is not None:
        mapping("small", small)
    source, on_cpu = _source(function), None
    try:
        found = device.gpu()
        if found is not None:
            run = measure(function, found, command="this cell")
            return Result("Measured now, on this machine's GPU.", (run,), source)
        reason = "No GPU here"
        if small is not None:
            reason, on_cpu = _small(function, small)
    except Exception as error:  # a reader must be able to go on with the notebook, whatever it is
        reason = f"The GPU run failed here ({first_line(error)})"
    try:
        recorded = tuple(run for run in read_runs(runs) if run.cell == function.__name__)
    except (OSError, ValueError) as error:
        said = f"{reason}. No recorded run can be shown: {error}"
        return Result(said, (), source, on_cpu)
    if not recorded:
        advice = "`make gpu`, on a machine with a GPU, records one."
        return Result(f"{reason}. No run is recorded yet: {advice}", (), source, on_cpu)
    said = f"{reason}. Recorded earlier, on another machine's GPU:"
    return Result(said, recorded, source, on_cpu)


def _small(function: Callable[..., dict[str, float]], small: Mapping[str, Any]) -> tuple:
    """Return what to say, and the numbers of a small size on the CPU, or None if it fails."""
    size = ", ".join(f"{name}={value}" for name, value in small.items())
    try:
        measured = plain(function(**small), function.__name__)
    except Exception as error:  # as above
        return f"No GPU here; on the CPU the run failed ({first_line(error)})", None
    return f"No GPU here, so this is a small size on the CPU (`{size}`)", measured


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


def _numbers(result: Mapping[str, float]) -> dict[str, str]:
    return {name.replace("_", " "): _three_digits(value) for name, value in result.items()}


def _three_digits(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def as_text(run: Run) -> str:
    """A run as lines of text."""
    return _lines(run.cell, {**_facts(run), **_numbers(run.result)})


def as_table(run: Run) -> str:
    """A run as an HTML table."""
    return _table(run.cell, {**_facts(run), **_numbers(run.result)})


def _lines(title: str, rows: dict[str, str]) -> str:
    width = max(map(len, rows))
    return "\n".join([title, *(f"  {name:<{width}}  {text}" for name, text in rows.items())])


def _table(title: str, rows: dict[str, str]) -> str:
    lines = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
        for name, text in rows.items()
    )
    return f"<table><caption>{html.escape(title)}</caption><tbody>{lines}</tbody></table>"


def _source(function: Cell) -> str:
    try:
        return inspect.getsource(function)
    except OSError:  # defined where Python keeps no source
        return ""
