"""Epochs: the time to train one, over the time if there were no padding at all."""

import dataclasses

import numpy as np

from benchmarks import measure, models
from helpers import batching
from helpers.data import random_lengths

TITLE = "An epoch of fit, over the ideal"
CORNER = "plan"
BATCH, BUDGET, CAPACITY = 32, 1920, 512
EVERY, EVERY_WHOLE = 8, 64
IDEAL, WHOLE, LADDER = "ideal: no padding", "one length for all", 'ladder of 16, tail="even"'
FULL = 'ladder of 16, tail="pad"'
GROUPED, PACKED = "grouped", f"packed, {CAPACITY} x 4"
MODELS = ("LSTM", "Conv1D", "transformer")
OURS = {"LSTM": FULL, "Conv1D": LADDER, "transformer": LADDER}
# At most over the ideal, and at least so many times as fast as one length for all.
WANTED = {"LSTM": (1.35, 5), "Conv1D": (1.2, 5), "transformer": (1.2, 20)}
FASTER = "times as fast as one length for all"


def ideal_lengths(lengths: np.ndarray) -> np.ndarray:
    """Give every row of a batch the mean length of the batch, the rows sorted by length.

    Returns:
        int64 ``(n,)``, in increasing order; the sum is that of ``lengths`` but for rounding, which
        is carried on from batch to batch.
    """
    ordered = np.sort(lengths)
    starts = np.arange(0, len(ordered), BATCH)
    sizes = np.diff([*starts, len(ordered)])
    ends = np.add.accumulate(np.add.reduceat(ordered, starts) / sizes)
    means = np.maximum(np.diff(np.rint(ends), prepend=0), 1).astype(np.int64)
    return np.repeat(means, sizes)


def plans(lengths: np.ndarray, cost: str) -> dict[str, batching.Plan]:
    """Return the plans that are compared, for a model of this cost."""
    n = len(lengths)
    optimal = batching.ladder(lengths, 16, cost=cost)
    quantile = batching.quantile_ladder(lengths, 16)
    return {
        "as they come": batching.fixed(n, BATCH, lengths=lengths, shuffle=0),
        "quantile ladder of 16": batching.bucketed(lengths, BATCH, quantile, shuffle=0),
        GROUPED: batching.grouped(lengths, BATCH, shuffle=0),
        f"token_budget of {BUDGET}": batching.token_budget(lengths, BUDGET, shuffle=0),
        LADDER: batching.bucketed(lengths, BATCH, optimal, tail="even", shuffle=0),
        FULL: batching.bucketed(lengths, BATCH, optimal, tail="pad", shuffle=0),
    }


def rows_of(lengths: np.ndarray) -> list[np.ndarray]:
    """Draw tokens for each length."""
    random = np.random.default_rng(0)
    tokens = random.integers(1, models.VOCABULARY, int(lengths.sum()), dtype=np.int32)
    return np.split(tokens, np.cumsum(lengths)[:-1])


def part(plan: batching.Plan, every: int) -> batching.Plan:
    """Keep one of every so many batches of a plan, so that the part costs its share.

    The batches are sorted by length and cut in groups, and one batch of each group is drawn. Of
    5,000 draws the one is taken whose mean batch is most like the plan's by every kind of cost.
    """
    lengths, sizes = plan.padded_lengths, plan.sizes
    costs = np.stack([lengths, sizes * lengths, sizes * lengths**2]).astype(float)
    by_length = np.argsort(lengths, kind="stable")
    edges = np.linspace(0, len(plan), max(1, round(len(plan) / every)) + 1).astype(np.int64)
    random = np.random.default_rng(0)
    draws = by_length[random.integers(edges[:-1], edges[1:], size=(5000, len(edges) - 1))]
    shares = costs[:, draws].mean(axis=2) / costs.mean(axis=1, keepdims=True)
    kept = np.sort(draws[np.abs(shares - 1).max(axis=0).argmin()])
    slots = np.concatenate([np.arange(*plan.bounds[i : i + 2]) for i in kept])
    return dataclasses.replace(
        plan,
        rows=plan.rows[slots],
        real=plan.real[slots],
        bounds=np.concatenate([[0], np.cumsum(plan.sizes[kept])]),
        padded_lengths=plan.padded_lengths[kept],
        shuffle=None,
        remake=None,
    )


def epochs(name: str, lengths: np.ndarray) -> dict[str, tuple]:
    """Return what is timed for a model.

    Returns:
        plan -> the model, the data of a part of an epoch, and by what its time is multiplied.
    """
    from helpers import feeding

    each_token = name == "transformer"
    build = {"LSTM": models.lstm, "Conv1D": models.conv1d, "transformer": models.transformer}[name]
    rows = rows_of(lengths)

    def targets(rows: list) -> list | np.ndarray:
        if each_token:
            return [np.zeros((len(row), 1), np.float32) for row in rows]
        return np.zeros((len(rows), 1), np.float32)

    def fed(whole: batching.Plan, rows: list, every: int, length: int | None = None) -> tuple:
        plan = part(whole, every)
        data = feeding.tf_dataset(plan, rows, targets(rows), length=length)
        # A model of its own: a trace for batches of any size would serve those of one size too.
        return build(), data, len(whole) / len(plan)

    made, n = plans(lengths, "quadratic" if each_token else "linear"), len(lengths)
    even = ideal_lengths(lengths)
    ideal = batching.fixed(n, BATCH, lengths=even)
    found = {
        IDEAL: fed(ideal, rows_of(even), EVERY),
        WHOLE: fed(made["as they come"], rows, EVERY_WHOLE, int(lengths.max())),
        **{policy: fed(plan, rows, EVERY) for policy, plan in made.items()},
    }
    if each_token:
        found[PACKED] = _packed(lengths[::EVERY], rows[::EVERY], targets(rows[::EVERY]))
    return found


def _packed(lengths: np.ndarray, rows: list, targets: list) -> tuple:
    from helpers import feeding

    plan = batching.packed(lengths, CAPACITY, 4, shuffle=0)
    return models.transformer(packed=True), feeding.PackedDataset(plan, rows, targets), EVERY


def measured(quick: bool = False) -> dict:
    """Return the table: plan -> model -> time over the ideal."""
    cells: measure.Cells = {}
    for name in MODELS:
        made = epochs(name, random_lengths(1280 if quick else 20_000))
        for model, data, _ in made.values():  # traces: a few batches do
            _fit(model, data.take(3) if hasattr(data, "take") else data)
        best = measure.best_round(
            made, 1 if quick else 2, lambda policy, made=made: _seconds(*made[policy])
        )
        for policy, seconds in best.items():
            cells.setdefault(policy, {})[name] = seconds / best[IDEAL]
    return {"cells": cells}


def _fit(model, data) -> None:
    model.fit(data, epochs=1, verbose=0, shuffle=False)


def _seconds(model, data, times: float) -> float:
    return measure.processor_time(lambda: _fit(model, data)) * times


def goals(result: dict) -> list[measure.Goal]:
    """Return what was wanted of the table."""
    found = []
    for name, (limit, speedup) in WANTED.items():
        ours, whole = _ours_and_whole(result, name)
        found.append(measure.Goal(f"{name}: {OURS[name]}, over the ideal", ours, limit))
        found.append(measure.Goal(f"{name}: {FASTER}", whole / ours, speedup, at_least=True))
    return found


def _ours_and_whole(result: dict, name: str) -> tuple[float, float]:
    return result["cells"][OURS[name]][name], result["cells"][WHOLE][name]


def limits(result: dict) -> dict[str, str]:
    """Say what stands in the way of each goal that is missed: text of the goal -> reason."""
    found = {}
    for goal in goals(result):
        if goal.met:
            continue
        name = goal.text.partition(": ")[0]
        if goal.text.endswith(FASTER):
            ours, whole = map(measure.shown, _ours_and_whole(result, name))
            found[goal.text] = (
                f"The ideal itself is {whole} times as fast as one length for all, and our plan "
                f"takes {ours} of the ideal's time."
            )
            if name == "transformer":
                found[goal.text] += (
                    " An explanation, which is not measured: only attention grows with the square "
                    "of the length, the dense layers of the block do not."
                )
        elif name == "LSTM":
            found[goal.text] = (
                "An LSTM's time follows the number of steps one after the other, whatever the size "
                "of the batch: every batch more costs all its steps."
            )
    return found


if __name__ == "__main__":
    measure.main("epochs")
