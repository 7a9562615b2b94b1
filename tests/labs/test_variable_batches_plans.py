"""The lab on batches of varying shape: ladders of lengths, and plans that compute less."""

import functools
import re

import lab_runs
import pytest

from helpers import batching, data

right = functools.partial(lab_runs.right, "variable-batches")
wrong = functools.partial(lab_runs.wrong, "variable-batches")


# --- 4: a ladder ---------------------------------------------------------------------------------


MANY = data.random_lengths(2000)
BEST = batching.ladder(MANY, 4)
HAND = [64, 128, 256, 512]


@pytest.mark.parametrize(
    ("by_hand", "best", "message"),
    [
        ([128, 256, 384, 512], BEST, r"by_hand: 2\.\d+ steps .* 2\. Most of the padding, \d+%, is "
         r"in the bucket of 1 to 128 steps"),
        (batching.quantile_ladder(MANY, 4), BEST, r"by_hand: 2\.749 steps are computed for a true "
         r"one, expected less than 2\. .* of 72 to 512 steps: make it narrower\.$"),
        ([64, 128, 256], BEST, r"by_hand: expected 4 boundaries, got 3: \[64, 128, 256\]\.$"),
        ([64, 128, 128, 512], BEST, r"by_hand: expected increasing boundaries from 1, got \[64, 1"),
        ([0, 64, 128, 512], BEST, r"by_hand: expected increasing boundaries from 1"),
        ([64, 128, 256, 500], BEST, r"by_hand: the time axis: the longest row has 512 steps and "
         r"fits no boundary, the last is 500\."),
        ([64, 128, 256, 600], BEST, r"by_hand: the time axis: no row is longer than 512 steps"),
        ([64.0, 128, 256, 512], BEST, r"by_hand: expected four whole numbers"),
        (512, BEST, r"by_hand: expected four whole numbers, lengths to pad to, got 512\.$"),
        ([[64], [128, 256]], BEST, r"by_hand: expected four whole numbers"),
        (HAND, batching.geometric_ladder(MANY, 4), r"best: 2\.330 steps .* by hand it was 1\.750"),
        (HAND, [50, 100, 200, 512], r"best: 1\.\d+ steps .*, four lengths can do with 1\.652\."),
        (HAND, batching.ladder(MANY, 5), r"best: expected 4 boundaries, got 5"),
    ],
)  # fmt: skip
def test_wrong_ladders(by_hand, best, message):
    assert re.match(message, wrong("ladder", by_hand, best, lengths=MANY))


def test_the_best_may_be_found_by_hand():
    right("ladder", BEST.tolist(), tuple(BEST), lengths=MANY)


# --- 5: halve an epoch ---------------------------------------------------------------------------


def buckets(boundaries, tail="even", size=32, shuffle=0, lengths=MANY):
    return batching.bucketed(lengths, size, boundaries, tail=tail, shuffle=shuffle)


GIVEN = buckets([512], tail="keep")
THREE, SQUARES = batching.ladder(MANY, 3), batching.ladder(MANY, 3, cost="quadratic")
LSTM, ATTENTION = buckets(THREE), buckets(SQUARES)
WRONG_HALVES = {
    "given": ({"lstm": GIVEN}, "lstm: the time axis: it computes 100.0% of the given plan's steps"),
    "quantiles": (
        {"lstm": buckets(batching.quantile_ladder(MANY, 3))},
        "lstm: the time axis: it computes 41.8% of the given plan's steps one after the other",
    ),
    "two lengths": (
        {"lstm": buckets(batching.ladder(MANY, 2))},
        "lstm: the time axis: it computes 35.7% of the given plan's steps one after the other, "
        "expected at most 25%. Boundaries from `batching.ladder(lengths, 3, cost='linear')`",
    ),
    "squares for the LSTM": (
        {"lstm": ATTENTION},
        "lstm: the time axis: it computes 25.5% of the given plan's steps",
    ),
    "four lengths": (
        {"lstm": buckets(BEST)},
        "lstm: 4 shapes (batch, time) in two epochs, expected at most 3: ",
    ),
    "smaller last batches": (
        {"lstm": buckets(THREE, tail="keep")},
        "lstm: 6 shapes (batch, time) in two epochs, expected at most 3: 4 sizes along the batch "
        "axis, 3 along the time axis.",
    ),
    "grouped": (
        {"lstm": batching.grouped(MANY, 32, shuffle=0)},
        "lstm: 77 shapes (batch, time) in two epochs, expected at most 3",
    ),
    "large batches": (
        {"lstm": buckets([512], size=128)},
        "lstm: the batch axis: a batch has 126 rows, expected at most 32: fewer and larger",
    ),
    "token budget": (
        {"lstm": batching.token_budget(MANY, 32 * 512, boundaries=THREE, shuffle=0)},
        "lstm: the batch axis: a batch has 303 rows, expected at most 32",
    ),
    "small batches": (
        {"attention": buckets(SQUARES, size=4)},
        "attention: the batch axis: 501 batches for 2000 rows, expected at most 93: smaller",
    ),
    "not shuffled": (
        {"lstm": buckets(THREE, shuffle=None)},
        "lstm: every epoch has the same order: give the plan a seed, shuffle=0.",
    ),
    "dropped": (
        {"lstm": buckets(THREE, tail="drop")},
        "lstm: the batch axis: rows ",
    ),
    "twice": (
        {"lstm": buckets(THREE, tail="wrap")},
        "lstm: the batch axis: rows ",
    ),
    "no lengths": (
        {"lstm": batching.fixed(2000, 32, shuffle=0)},
        "lstm: the plan knows no lengths, so nobody knows its cost: give lengths=.",
    ),
    "some of the rows": (
        {"lstm": buckets([512], lengths=MANY[:100])},
        "lstm: the batch axis: it is a plan for 100 rows, there are 2000.",
    ),
    "other lengths": (
        {"lstm": buckets([512], lengths=MANY[::-1])},
        "lstm: the time axis: it is a plan for other lengths than the given ones.",
    ),
    "packed": (
        {"attention": batching.packed(MANY, 512, 4, shuffle=0)},
        "attention: a packed plan puts several rows in a line.",
    ),
    "boundaries": (
        {"lstm": THREE},
        "lstm: expected a plan of `fixed`, `bucketed`, `grouped` or `token_budget`, got ndarray.",
    ),
    "the LSTM's for attention": (
        {"attention": LSTM},
        "attention: the time axis: it computes 10.1% of the given plan's pairs of steps, expected "
        "at most 9%. Boundaries from `batching.ladder(lengths, 3, cost='quadratic')` fit",
    ),
}


@pytest.mark.parametrize("name", WRONG_HALVES)
def test_wrong_halves(name):
    changes, message = WRONG_HALVES[name]
    answers = {"lstm": LSTM, "attention": ATTENTION} | changes
    assert wrong("halve", **answers, given=GIVEN).startswith(message)


def test_lost_and_repeated_rows_are_told_apart():
    lost, again = (
        wrong("halve", buckets(THREE, tail=tail), ATTENTION, given=GIVEN)
        for tail in ("drop", "wrap")
    )
    assert re.search(r"never come in epoch 0 \(\d+ of 2000\); the tail is 'drop'", lost)
    assert re.search(r"count twice in an epoch \(\d+ of 2000\), as the tail is 'wrap'", again)


# --- 7: real lengths -----------------------------------------------------------------------------


PLAID = data.plaid_lengths()
EIGHT = batching.ladder(PLAID, 8)
appliances = functools.partial(buckets, lengths=PLAID)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (
            batching.fixed(1074, 32, shuffle=0, lengths=PLAID, tail="even"),
            r"plan: \d+ shapes \(batch, time\) in two epochs, expected at most 8: 1 size along",
        ),
        (batching.grouped(PLAID, 32, shuffle=0), r"plan: \d+ shapes .* expected at most 8"),
        (
            appliances(EIGHT, tail="keep"),
            r"plan: 14 shapes .*: \d sizes along the batch axis, 8 al",
        ),
        (
            appliances(EIGHT, tail="pad"),
            r"plan: the time axis: 1\.373 steps .* less than 1\.1\. Most of that are padding slots",
        ),
        (
            appliances(batching.quantile_ladder(PLAID, 8)),
            r"plan: the time axis: 1\.336 steps .* in the bucket of 485 to 1344 steps: make it na",
        ),
        (appliances(batching.geometric_ladder(PLAID, 8)), r"plan: the time axis: 1\.211 steps"),
        (appliances(EIGHT, tail="drop"), r"plan: the batch axis: rows .* never come in epoch 0"),
        (appliances(EIGHT, size=300), r"plan: the batch axis: a batch has \d+ rows, expected at m"),
        (
            batching.bucketed(PLAID, 32, EIGHT, tail="even"),
            r"plan: every epoch has the same order",
        ),
        (batching.packed(PLAID, 1344, 32, shuffle=0), r"plan: a packed plan puts several rows in"),
        (buckets([512]), r"plan: the batch axis: it is a plan for 2000 rows, there are 1074\."),
    ],
)
def test_wrong_plans(plan, message):
    assert re.match(message, wrong("plan", plan, lengths=PLAID))


@pytest.mark.parametrize(
    "plan",
    [
        appliances(EIGHT, shuffle=3),
        appliances(batching.ladder(PLAID, 8, cost="quadratic")),
        appliances(EIGHT, size=24),
        appliances([200, 300, 360, 440, 500, 700, 1000, 1344]),
    ],
)
def test_plans_of_several_kinds_are_right(plan):
    right("plan", plan, lengths=PLAID)
