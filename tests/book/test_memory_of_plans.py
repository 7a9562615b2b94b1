"""The page on plans says how many bytes a plan takes: no policy takes more."""

import tracemalloc

import numpy as np
import pytest

from helpers.batching import bucketed, fixed, grouped, packed, token_budget
from helpers.data import random_lengths

LENGTHS = random_lengths(100_000)
LONG = LENGTHS * 2000  # longer than there are rows
SIZES = np.stack([LENGTHS, LENGTHS[::-1]], axis=1)
BOXES = [(60, 60), (100, 100), (512, 512)]
BY_LENGTH = {
    "fixed": lambda: fixed(len(LENGTHS), 32, lengths=LENGTHS, shuffle=0),
    "bucketed": lambda: bucketed(LENGTHS, 32, [60, 512], tail="even", shuffle=0),
    "one row a batch": lambda: bucketed(LENGTHS, 1, [60, 512], shuffle=0),
    "grouped": lambda: grouped(LONG, 32, shuffle=0),
    "token_budget": lambda: token_budget(LONG, 2000 * 2048, shuffle=0),
    "with boundaries": lambda: token_budget(LENGTHS, 2048, boundaries=[60, 512], shuffle=0),
    "packed": lambda: packed(LENGTHS, 512, 4, shuffle=0),
}
BY_SIZE = {
    "bucketed": lambda: bucketed(SIZES, 32, BOXES, shuffle=0),
    "grouped": lambda: grouped(SIZES * 2000, 32, shuffle=0),
}


def bytes_of(make):
    """Return how many batches a plan has, what it keeps, and what making it takes at most."""
    make()  # what is imported or kept at first is no part of it
    tracemalloc.start()
    plan = make()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return len(plan), kept, peak


@pytest.mark.parametrize("policy", BY_LENGTH)
def test_a_plan_of_lengths_takes_what_the_page_says(policy):
    batches, kept, peak = bytes_of(BY_LENGTH[policy])
    assert kept <= 25 * len(LENGTHS) + 64 * batches
    assert peak <= 40 * len(LENGTHS) + 100 * batches


@pytest.mark.parametrize("policy", BY_SIZE)
def test_a_plan_of_heights_and_widths_takes_what_the_page_says(policy):
    batches, kept, peak = bytes_of(BY_SIZE[policy])
    assert kept <= 35 * len(LENGTHS) + 64 * batches
    assert peak <= 55 * len(LENGTHS) + 100 * batches
