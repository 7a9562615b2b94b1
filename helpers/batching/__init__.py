"""Plans: which rows share a batch, what happens to the last one, and what that costs.

A plan is made before any data is touched. It knows only how many rows there are and, if you give
them, how long each row is. From that it says which row stands in which slot of which batch, which
rows an epoch never shows or shows twice, and how much of what the model computes is padding.
`fixed` plans batches of rows as they come; `bucketed` and `grouped` plan batches of rows of about
one length, padded to a few lengths or each to its own; `token_budget` plans as many rows as fit.

Words: a *slot* is one place in a batch. A *padding slot* fills a batch up to its full size; it
repeats a row of the same batch and has sample weight 0. A row may vary on one axis (a sequence has
a length) or on two (an image has a height and a width); where both are meant, this module says
length. A *cell* is a timestep of a sequence or a pixel of an image.
"""

from helpers.batching.advice import Advice, Option, recommend
from helpers.batching.checks import COSTS, TAILS, lengths
from helpers.batching.expected import expected_cost
from helpers.batching.ladders import geometric_ladder, ladder, quantile_ladder
from helpers.batching.packing import PackedPlan, packed
from helpers.batching.plan import Plan
from helpers.batching.policies import bucketed, fixed, grouped, token_budget

__all__ = [
    "COSTS",
    "TAILS",
    "Advice",
    "Option",
    "PackedPlan",
    "Plan",
    "bucketed",
    "expected_cost",
    "fixed",
    "geometric_ladder",
    "grouped",
    "ladder",
    "lengths",
    "packed",
    "quantile_ladder",
    "recommend",
    "token_budget",
]
