"""Assembling: the time to make one batch of 32 sequences, over the time to copy it."""

from collections.abc import Callable

import numpy as np

from benchmarks import measure, peers
from helpers import batching
from helpers.data import random_lengths

TITLE = "Making one batch, over copying it"
CORNER = "way"
BATCH = 32
LARGE = "26 KiB"
MEANS = {60: "8 KiB", 195: LARGE}
COPY = "copy of the batch"
TAKE = "PlannedDataset, store=True: np.take alone"
STORED = "PlannedDataset, store=True"
UNSTORED = "PlannedDataset, store=False"
KERAS = "keras.utils.pad_sequences"
BUCKET = "tf.data bucket_by_sequence_length"
GRAPH = (BUCKET, "tf.data padded_batch")


def corpus(mean: int, quick: bool = False) -> tuple[list[np.ndarray], batching.Plan]:
    """Return the rows, of lengths of this mean, and the plan."""
    count = 1000 if quick else 6000
    lengths = random_lengths(count, mean=mean, maximum=round(mean * 512 / 60))
    tokens = np.random.default_rng(0).integers(1, 1000, int(lengths.sum()), dtype=np.int32)
    rows = np.split(tokens, np.cumsum(lengths)[:-1])
    boundaries = batching.ladder(lengths, 16)
    return rows, batching.bucketed(lengths, BATCH, boundaries, tail="keep", shuffle=0)


def ways(rows: list[np.ndarray], plan: batching.Plan) -> dict[str, Callable[[], object]]:
    """Return one function for each way; each returns all batches of an epoch, one by one."""
    from helpers import feeding

    lengths = plan.padded_lengths.tolist()
    batches = list(plan)
    stored = feeding.PlannedDataset(plan, rows, store=True)
    unstored = feeding.PlannedDataset(plan, rows, store=False)
    ready = [stored[i][0] for i in range(len(plan))]
    order = np.random.default_rng(0).permutation(len(rows))
    bucketed = peers.bucket_by_sequence_length(rows, order, BATCH, plan.boundaries)
    padded = peers.padded_batch(rows, order, BATCH)

    def by(make: Callable) -> Callable[[], object]:
        return lambda: (
            make(rows, batch, length) for batch, length in zip(batches, lengths, strict=True)
        )

    # One array for each boundary and the places of each batch in it: what is left is one take.
    tables = {length: np.zeros((0, length), np.int32) for length in lengths}
    for length in tables:
        tables[length] = np.concatenate(
            [batch for batch, planned in zip(ready, lengths, strict=True) if planned == length]
        )
    places, seen = [], dict.fromkeys(tables, 0)
    for batch, length in zip(batches, lengths, strict=True):
        places.append((tables[length], np.arange(len(batch)) + seen[length]))
        seen[length] += len(batch)
    return {
        COPY: lambda: (batch.copy() for batch in ready),
        TAKE: lambda: (table.take(places, axis=0) for table, places in places),
        STORED: lambda: (stored[i][0] for i in range(len(stored))),
        UNSTORED: lambda: (unstored[i][0] for i in range(len(unstored))),
        "a loop into np.zeros": by(peers.numpy_loop),
        KERAS: by(peers.pad_sequences),
        GRAPH[1]: lambda: iter(padded),
        BUCKET: lambda: iter(bucketed),
    }


def measured(quick: bool = False) -> dict:
    """Return the table: way -> size of the batches -> time of a batch over that of its copy."""
    cells: measure.Cells = {}
    for mean, column in MEANS.items():
        made = ways(*corpus(mean, quick))
        counts = {name: sum(1 for _ in way()) for name, way in made.items()}
        loops = {name: lambda way=way: _exhaust(way()) for name, way in made.items()}
        quickly = {name: loop for name, loop in loops.items() if name not in GRAPH}
        # The slow ones in turn with the copy too, but fewer rounds.
        slowly = {name: loops[name] for name in (COPY, *GRAPH)}
        seconds = measure.best_of(slowly, rounds=3) | measure.best_of(quickly, rounds=9)
        each = {name: time / counts[name] for name, time in seconds.items()}
        for name in made:
            cells.setdefault(name, {})[column] = each[name] / each[COPY]
    return {"cells": cells}


def _exhaust(batches) -> None:
    for _ in batches:
        pass


def goals(result: dict) -> list[measure.Goal]:
    """Return what was wanted of the table."""
    ratio = {name: row[LARGE] for name, row in result["cells"].items()}
    ours = ratio[STORED]
    return [
        measure.Goal(f"{LARGE}: {STORED}, over a copy", ours, 3),
        measure.Goal(f"{LARGE}: times as fast as {KERAS}", ratio[KERAS] / ours, 10, at_least=True),
        measure.Goal(
            f"{LARGE}: times less than {BUCKET}", ratio[BUCKET] / ours, 500, at_least=True
        ),
    ]


def limits(result: dict) -> dict[str, str]:
    """Say what stands in the way of each goal that is missed: text of the goal -> reason."""
    taken = measure.shown(result["cells"][TAKE][LARGE])
    reason = (
        f"The `np.take` alone costs {taken} copies; the rest is the interpreter, which looks up "
        "the plan and calls functions. It is the same for a batch of any size, so it weighs less "
        "the larger the batch."
    )
    return {goal.text: reason for goal in goals(result) if not goal.met}


if __name__ == "__main__":
    measure.main("assembling")
