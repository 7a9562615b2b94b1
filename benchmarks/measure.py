"""What the benchmarks share: how time is taken, what a table is, how it is printed."""

import argparse
import datetime
import gc
import importlib
import importlib.metadata
import math
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

PACKAGES = ("numpy", "tensorflow", "keras")
Cells = dict[str, dict[str, float | list | None]]


@dataclass(frozen=True)
class Goal:
    """One thing to reach.

    Attributes:
        text: What is measured.
        value: What came out.
        limit: What was wanted.
        at_least: Whether more is better; otherwise less is.
    """

    text: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the value, rounded as it is shown, is within the limit."""
        value = float(shown(self.value).replace(",", ""))
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def line(self) -> str:
        """What came out and what was wanted, without the verdict."""
        wanted = "at least" if self.at_least else "at most"
        return f"{self.text}: {shown(self.value)}, wanted {wanted} {self.limit:g}"

    def __str__(self) -> str:
        return f"{self.line}: {'met' if self.met else 'missed'}"


def best_of(jobs: Mapping[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """Take the processor time of each job, all jobs in turn, and keep the best round of each.

    A short job is called several times in a round, so that a round takes at least 2 ms.

    Args:
        jobs: name -> function without arguments. It is called once before the first round.
        rounds: number of rounds.

    Returns:
        name -> seconds of one call.
    """
    calls = {}
    for name, job in jobs.items():
        job()
        calls[name] = max(1, math.ceil(0.002 / max(_uncollected(job), 1e-7)))
    seconds = best_round(jobs, rounds, lambda name: _uncollected(jobs[name], calls[name]))
    return {name: each / calls[name] for name, each in seconds.items()}


def best_round(
    names: Iterable[str], rounds: int, seconds: Callable[[str], float]
) -> dict[str, float]:
    """Call ``seconds`` with each name in turn, round after round, and keep the least of each."""
    best = dict.fromkeys(names, math.inf)
    for _ in range(rounds):
        for name in best:
            best[name] = min(best[name], seconds(name))
    return best


def processor_time(job: Callable[[], object], calls: int = 1) -> float:
    """Return the processor time of some calls in seconds, all threads together."""
    start = time.process_time()
    for _ in range(calls):
        job()
    return time.process_time() - start


def _uncollected(job: Callable[[], object], calls: int = 1) -> float:
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        return processor_time(job, calls)
    finally:
        if enabled:
            gc.enable()


def shown(value: float) -> str:
    """Return a number as the tables show it: three digits, or more where they decide."""
    if isinstance(value, int):
        return str(value)
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    # 1.0004 is not 1.000 where the goal is 1.001.
    return f"{value:.4f}" if 1 < value < 1.01 else f"{value:.3f}"


def cell(value: float | list | None) -> str:
    """Return one cell: a number, several with dots between them, or a dash."""
    if value is None:
        return "–"
    if isinstance(value, list):
        ratio, shapes = value
        return f"{shown(ratio)} ({shapes})"
    return shown(value)


def table(cells: Cells, corner: str) -> list[list[str]]:
    """Return the texts of a table, its head first."""
    columns = list(dict.fromkeys(column for row in cells.values() for column in row))
    rows = [[name, *(cell(row.get(column)) for column in columns)] for name, row in cells.items()]
    return [[corner, *columns], *rows]


def plain(rows: list[list[str]]) -> list[str]:
    """Lay out a table for the terminal, with a rule under its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return [
        "  ".join(
            [first.ljust(widths[0]), *(t.rjust(w) for t, w in zip(others, widths[1:], strict=True))]
        )
        for first, *others in rows
    ]


def show(module, result: dict) -> str:
    """Return the printed form of what ``module.measured`` returned."""
    lines = [module.TITLE, "", *plain(table(result["cells"], module.CORNER)), ""]
    return "\n".join([*lines, *map(str, module.goals(result))])


def machine() -> dict[str, str]:
    """Say on what the benchmarks ran: processor, cores, vector instructions, versions, date."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": _processor(),
        "cores": str(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        ),
        "vector instructions that NumPy uses": ", ".join(
            [*found.get("baseline", []), *found.get("found", [])]
        ),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            facts = dict(
                (part.strip() for part in line.split(":", 1)) for line in file if ":" in line
            )
    except OSError:
        return platform.processor() or "unknown"
    name = facts.get("model name", platform.processor() or "unknown")
    return f"{name}, family {facts['cpu family']}" if "cpu family" in facts else name


def main(name: str) -> None:
    """Run one table from the command line."""
    module = importlib.import_module(f"benchmarks.{name}")
    parser = argparse.ArgumentParser(description=module.__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small size, to try it out")
    print(show(module, module.measured(quick=parser.parse_args().quick)))
