"""Planning: the time to plan an epoch, over the time to sort the lengths once."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from benchmarks import measure
from helpers import batching
from helpers.data import random_lengths

TITLE = "Planning an epoch, over np.argsort of the lengths"
CORNER = "plan, shuffled"
BATCH, CAPACITY, BUDGET = 32, 512, 1920
SIZES = (20_000, 1_000_000)
FAST, STABLE = "argsort", "argsort, stable"
PACKED = f"packed, bins of {CAPACITY}"
LADDER = "ladder of 16, on its own"


def jobs(lengths: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return what is timed: name -> function."""
    n = len(lengths)
    boundaries = batching.ladder(lengths, 16)
    return {
        FAST: lambda: np.argsort(lengths),
        STABLE: lambda: np.argsort(lengths, kind="stable"),
        "fixed": lambda: batching.fixed(n, BATCH, lengths=lengths, shuffle=0),
        'bucketed, 16 boundaries, tail="even"': lambda: batching.bucketed(
            lengths, BATCH, boundaries, tail="even", shuffle=0
        ),
        "grouped": lambda: batching.grouped(lengths, BATCH, shuffle=0),
        f"token_budget of {BUDGET}": lambda: batching.token_budget(lengths, BUDGET, shuffle=0),
        LADDER: lambda: batching.ladder(lengths, 16),
        PACKED: lambda: batching.packed(lengths, CAPACITY, 4, shuffle=0),
    }


def measured(quick: bool = False) -> dict:
    """Return the table: plan -> column -> ratio, and the bins that packing took."""
    cells: measure.Cells = {}
    bins = {}
    for n in (2000, 20_000) if quick else SIZES:
        lengths = random_lengths(n)
        seconds = measure.best_of(jobs(lengths), rounds=5 if n > 100_000 else 9)
        for name, time in seconds.items():
            row = cells.setdefault(name, {})
            row[f"{n:,} rows"] = time / seconds[FAST]
            row[f"{n:,}, over stable"] = time / seconds[STABLE]
        plan = batching.packed(lengths, CAPACITY, 4)
        bins[f"{n:,}"] = plan.bins / math.ceil(int(lengths.sum()) / CAPACITY)
    return {"cells": cells, "bins": bins}


def goals(result: dict) -> list[measure.Goal]:
    """Return what was wanted of the table."""
    found = []
    for name, row in result["cells"].items():
        if name in (FAST, STABLE):
            continue
        limit = 5 if name == PACKED else 3
        for column, ratio in row.items():
            if column.endswith("rows"):
                found.append(measure.Goal(f"{name}, {column}", ratio, limit))
    for n, ratio in result["bins"].items():
        found.append(measure.Goal(f"bins of {n} packed rows over the lower bound", ratio, 1.001))
    return found


def limits(result: dict) -> dict[str, str]:
    """Say what stands in the way of each goal that is missed: text of the goal -> reason."""
    beside = {}
    for goal in goals(result):
        name, _, column = goal.text.rpartition(", ")
        if row := result["cells"].get(name):
            ratio = row[f"{column.removesuffix(' rows')}, over stable"]
            beside[goal] = dataclasses.replace(goal, value=ratio)
    every = all(goal.met for goal in beside.values())
    found = {}
    for goal, stable in beside.items():
        if not goal.met:
            verdict = "this one is met" if stable.met else "this one is missed too"
            verdict = "every goal is met" if every else verdict
            ratio, name = measure.shown(stable.value), goal.text.rpartition(", ")[0]
            found[goal.text] = f"Over the stable sort {verdict} (here {ratio}).{_why(name, result)}"
    return found


def _why(name: str, result: dict) -> str:
    if name == "grouped":
        return " It orders the rows twice: all of them shuffled, then each window by length."
    if name not in (LADDER, PACKED):
        return ""
    row = result["cells"][name]
    sorts = [
        f"{measure.shown(row[column])} for {column}" for column in row if "stable" not in column
    ]
    once = " A ladder is made once for a data set, not for every epoch." if name == LADDER else ""
    return (
        " Its work grows with the number of distinct lengths more than with that of rows; so in "
        f"sorts it is {' and '.join(sorts)}.{once}"
    )


if __name__ == "__main__":
    measure.main("planning")
