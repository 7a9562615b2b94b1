"""How rows share batches, and what that costs."""

from functools import lru_cache

import numpy as np

from helpers.batching import (
    bucketed,
    fixed,
    grouped,
    ladder,
    packed,
    quantile_ladder,
    token_budget,
)
from helpers.batching import lengths as row_lengths
from helpers.data import japanese_vowels, random_lengths
from helpers.explore.explorer import Control, Explorer
from helpers.figures import Drawing, css, draw_batches

_ROWS, _BATCH = 64, 8  # what `plan_explorer` plans: enough to see, few enough to draw
_BUCKETED = ("quantile buckets", "optimal ladder")  # the policies that have buckets
POLICIES = {
    "one length": lambda lengths, k: bucketed(lengths, _BATCH, [lengths.max()]),
    "as they come": lambda lengths, k: fixed(_ROWS, _BATCH, lengths=lengths),
    "length-grouped": lambda lengths, k: grouped(lengths, _BATCH, window=4),
    "quantile buckets": lambda lengths, k: bucketed(
        lengths, _BATCH, quantile_ladder(lengths, k), tail="even"
    ),
    "optimal ladder": lambda lengths, k: bucketed(lengths, _BATCH, ladder(lengths, k), tail="even"),
    "token budget": lambda lengths, k: token_budget(lengths, _BATCH * int(lengths.max())),
    "packed": lambda lengths, k: packed(lengths, 2 * int(lengths.max()), _BATCH // 2),
}
"""The plans of `plan_explorer`, each of the lengths of 64 rows and a number of buckets."""

_MODELS = {"LSTM": "steps", "Conv1D": "linear", "attention": "quadratic"}  # what each pays
_RUNS_ON = {"LSTM": "state", "Conv1D": "window"}  # why these two cannot take packed rows


def plan_explorer() -> Explorer:
    """Explore how rows of varying length share batches, and what it costs.

    The same 64 rows are planned by every policy of `helpers.batching`, in batches of at most 8 rows
    or of as many steps.

    Returns:
        An `Explorer` of the batches, drawn to scale, the number of shapes, and what an epoch of
        an LSTM, of a convolution and of attention costs over the least that it could cost.
    """
    return Explorer(
        _plan_frame,
        (
            Control("policy", "Policy", tuple(POLICIES), "optimal ladder"),
            Control("buckets", "Buckets", tuple(range(1, 7)), 5),
            Control("data", "Rows", ("Japanese Vowels", "log-normal"), "log-normal"),
        ),
        title="How rows share batches, and what that costs",
        caption=(
            "Every block is a batch, as wide as the length it is padded to and as high as its "
            "rows; hatched is padding, and beside it stands its shape, rows × steps. The upright "
            "line marks a cost of 1, the least. An LSTM pays for every step of a batch: its least "
            "is that of sorted rows in batches of 8, and larger batches go below it. Conv1D pays "
            "for every cell, attention for the square of every length: their least is no padding."
        ),
    )


@lru_cache
def lengths_of(data: str) -> np.ndarray:
    """The lengths of the 64 rows that are planned, of one of the two sources."""
    if data == "log-normal":
        return random_lengths(_ROWS)
    rows = row_lengths(japanese_vowels()[0])
    return rows[np.random.default_rng(0).permutation(len(rows))[:_ROWS]]


def _least_costs(lengths: np.ndarray) -> dict[str, int]:
    """What an epoch costs at least: sorted batches of 8 for steps, no padding for the others."""
    longest_first = np.sort(lengths)[::-1]
    steps, cells = longest_first[::_BATCH].sum(), lengths.sum()
    return {"steps": int(steps), "linear": int(cells), "quadratic": int((lengths**2).sum())}


def _plan_frame(policy: str, buckets: int, data: str) -> Drawing:
    lengths = lengths_of(data)
    plan, least = POLICIES[policy](lengths, buckets), _least_costs(lengths)
    longest, shapes = int(lengths.max()), len(plan.shapes)
    note = "the number of buckets has no effect"
    if policy in _BUCKETED:
        note = f"padded to {', '.join(map(str, plan.boundaries))}"
    elif policy == "packed":
        note = f"in lines of {plan.capacity} steps, half the scale; no buckets"
    cells = plan.cost("linear") / least["linear"]
    counts = f"{len(plan)} batches, {shapes} shape{'s' * (shapes != 1)}"
    parts = [
        f'<text x="4" y="12" font-weight="700">{counts}; padded over true: {cells:.2f}</text>',
        f'<text x="4" y="28">{note}</text>',
        '<text x="4" y="47">cost over the least (LSTM: of batches of 8)</text>',
    ]
    dearest = [POLICIES[name](lengths, 1) for name in ("one length", "packed")]
    scale = 240 / max(each.cost(kind) / least[kind] for each in dearest for kind in least)
    told, line, y = [], "", 51
    for model, kind in _MODELS.items():
        parts.append(f'<text x="4" y="{y + 12}">{model}</text>')
        if policy == "packed" and model in _RUNS_ON:
            words = f"no: its {_RUNS_ON[model]} runs on from row to row"
            parts.append(f'<text x="68" y="{y + 12}">{words}</text>')
            told.append(f"{model}, {words[4:]}")
        else:
            cost = plan.cost(kind) / least[kind]
            size = round(cost * scale, 1)
            after = max(size, scale) + 74  # never on the line that marks the least
            parts.append(
                f'<g style="fill:{css("batch")}"><path d="M68 {y + 2}h{size}v12h-{size}z"/></g>'
                f'<text x="{after:.1f}" y="{y + 12}" font-weight="700">{cost:.2f}</text>'
            )
            line += f"M{68 + scale:.1f} {y - 1}v18"
            told.append(f"{model} {cost:.2f}")
        y += 18
    parts.append(
        f'<g style="fill:none;stroke:currentColor;stroke-width:1.5"><path d="{line}"/></g>'
    )
    batches = draw_batches(plan, longest=2 * longest if policy == "packed" else longest)
    parts.append(f'<g transform="translate(0 {y + 8})">{batches.body}</g>')
    how = policy + f" ({buckets})" * (policy in _BUCKETED)
    said = f"{how.capitalize()}, {data}: {batches.alt} Cost over the least: {'; '.join(told)}."
    return Drawing("".join(parts), y + 8 + float(batches.height), said)
