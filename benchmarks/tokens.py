"""Tokens: how many are computed for each true one, by policy, and in how many shapes."""

import numpy as np

from benchmarks import measure, peers
from helpers.batching import bucketed, fixed, ladders
from helpers.data import plaid_lengths, random_lengths

TITLE = "Padded over true tokens (number of shapes)"
CORNER = "policy"
BATCH = 32
NARROW, WIDE = "log-normal 0.7", "log-normal, 16"
OURS = 'ladder, tail="even"'
BOUND = "lower bound for that many lengths"
DRAWN = {
    "log-normal": "lognormal",
    "bimodal": "bimodal",
    "Pareto": "pareto",
    "constant": "constant",
}


def corpora(quick: bool = False) -> dict[str, tuple[np.ndarray, int]]:
    """Return the lengths of each column, and how many boundaries they get."""
    count = 2000 if quick else 20_000
    drawn = {name: (random_lengths(count, kind), 16) for name, kind in DRAWN.items()}
    normal = np.random.default_rng(0).standard_normal(count)
    narrow = np.rint(np.exp(np.log(60) - 0.7**2 / 2 + 0.7 * normal))  # of mean 60 before the clip
    return {
        NARROW: (np.clip(narrow, 1, 512).astype(np.int64), 16),
        **drawn,
        "PLAID": (plaid_lengths(), 8),
    }


def by_policy(lengths: np.ndarray, k: int) -> dict[str, list]:
    """Return padded over true tokens and the number of shapes, by policy."""
    true = int(lengths.sum())

    def cost(plan) -> list:
        return [plan.cost("linear") / true, len(plan.shapes)]

    def in_buckets(boundaries: np.ndarray) -> list:
        return cost(bucketed(lengths, BATCH, boundaries, tail="even", shuffle=0))

    boundaries = ladders.ladder(lengths, k)
    least = int(boundaries[np.searchsorted(boundaries, lengths)].sum())
    sampled = peers.length_grouped_sampler(lengths, BATCH)
    longest = int(lengths.max())
    whole = fixed(len(lengths), BATCH, lengths=np.full(len(lengths), longest), shuffle=0)
    return {
        BOUND: [least / true, len(boundaries)],
        OURS: in_buckets(boundaries),
        'geometric ladder, tail="even"': in_buckets(ladders.geometric_ladder(lengths, k)),
        'quantile ladder, tail="even"': in_buckets(ladders.quantile_ladder(lengths, k)),
        peers.SAMPLER: list(peers.cost_of(sampled, lengths, BATCH)),
        "as they come, each batch to its longest": cost(
            fixed(len(lengths), BATCH, lengths=lengths, shuffle=0)
        ),
        "one length for all": cost(whole),
    }


def measured(quick: bool = False) -> dict:
    """Return the table: policy -> corpus -> ratio and shapes."""
    cells: measure.Cells = {}
    for name, (lengths, k) in corpora(quick).items():
        for policy, value in by_policy(lengths, k).items():
            cells.setdefault(policy, {})[f"{name}, {k}"] = value
    return {"cells": cells}


def goals(result: dict) -> list[measure.Goal]:
    """Return what was wanted of the table."""
    ours, bound = result["cells"][OURS], result["cells"][BOUND]
    found = []
    for name, (ratio, shapes) in ours.items():
        found.append(measure.Goal(f"{name}: over the lower bound", ratio / bound[name][0], 1.02))
        found.append(measure.Goal(f"{name}: shapes", shapes, int(name.split()[-1])))
    for name in (f"{NARROW}, 16", WIDE):
        found.append(measure.Goal(f"{name}: tokens", ours[name][0], 1.12))
    found.append(measure.Goal("PLAID, 8: tokens", ours["PLAID, 8"][0], 1.08))
    return found


def limits(result: dict) -> dict[str, str]:
    """Say what stands in the way of each goal that is missed: text of the goal -> reason."""
    wide, narrow = (result["cells"][BOUND][name][0] for name in (WIDE, f"{NARROW}, 16"))
    return {
        goal.text: f"With standard deviation 1 no 16 lengths do better than {measure.shown(wide)}, "
        f"so {goal.limit:g} leaves hardly any room for tails. It was set for the narrower lengths "
        f"of the first column, where the bound is {measure.shown(narrow)}."
        for goal in goals(result)
        if goal.text == f"{WIDE}: tokens" and not goal.met
    }


if __name__ == "__main__":
    measure.main("tokens")
