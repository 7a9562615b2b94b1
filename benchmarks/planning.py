"""Planning: the time to plan an epoch, over the time to sort the lengths once."""

import math
from collections.abc import Callable

import numpy as np

from benchmarks import measure
from helpers import batching
from helpers.data import random_lengths

TITLE = "Planning an epoch, over np.argsort of the lengths"
CORNER = "plan, shuffled"
ABOUT = """\
The processor time to plan one epoch of 20,000 and of 1,000,000 log-normal lengths in batches of 32,
over that of `np.argsort(lengths)`, which any grouping by length must pay at least. Where the
processor has AVX-512 or AVX2, NumPy sorts int64 with vector instructions, several times faster than
by its stable sort; so each ratio stands beside the one over `np.argsort(lengths, kind="stable")`.
"""
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


def limits(result: dict) -> list[str]:
    """Say what stands in the way of a goal that is not met."""
    if all(goal.met for goal in goals(result)):
        return []
    stable = result["cells"][STABLE]
    times = " and ".join(f"{row:.1f}" for name, row in stable.items() if name.endswith("rows"))
    return [
        f"On this machine `np.argsort` is {times} times as fast as NumPy's stable sort, which has "
        "no vector instructions; the second and fourth columns are what a machine without them "
        "shows. The ladder's work depends on the number of distinct lengths more than on that of "
        "rows, and it is made once for a data set, not for every epoch."
    ]


if __name__ == "__main__":
    measure.main("planning")
