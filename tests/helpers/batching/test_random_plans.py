"""Many plans of chance, of every policy and tail: each row where the tail says, and as often."""

import numpy as np
import pytest

from helpers.batching import TAILS, bucketed, fixed, grouped, packed, token_budget

PLANS = 2_400  # a tenth of what was run once


def drawn_size(random, most):
    """An integer from 1, as often a small one as a large one, half of them about a power of two."""
    size = 2 ** random.uniform(0, np.log2(most))
    if random.random() < 0.5:
        size = 2 ** round(np.log2(size)) + random.integers(-1, 2)
    return max(1, int(size))


def drawn_lengths(random, n, axes):
    """Lengths from 0, or heights and widths, about a power of two or anywhere below it."""
    shape = n if axes == 1 else (n, 2)
    longest = drawn_size(random, 70_000 if axes == 1 else 300)
    if random.random() < 0.3:
        return np.maximum(longest + random.integers(-1, 2, shape), 0)
    return random.integers(0, longest + 1, shape)


def drawn_plan(random):
    """What makes a plan, and what must hold for it."""
    policy = random.choice(["fixed", "bucketed", "grouped", "budget", "ladder", "packed"])
    n, axes = (
        drawn_size(random, 4_000),
        1 if policy in ("budget", "packed") else random.choice(2) + 1,
    )
    lengths = drawn_lengths(random, n, axes)
    sizes = [drawn_size(random, 2 * n + 2), drawn_size(random, 64), 33_000]
    size = int(random.choice(sizes, p=[0.45, 0.45, 0.1]))
    tail, seed = str(random.choice(TAILS)), random.choice([None, int(random.integers(2**40))])
    options = {"tail": tail, "shuffle": seed}
    holds = {"n": n, "lengths": lengths, "tail": tail, "size": size, "budget": None}
    most = np.maximum(lengths.max(axis=0), 1)
    ladder = np.unique(np.linspace(1, most, 5).astype(int), axis=0)
    area = int(np.prod(most))
    if policy == "fixed":
        known = {"lengths": lengths} if random.random() < 0.5 else {}
        return lambda: fixed(n, size, **known, **options), holds
    if policy == "bucketed":
        return lambda: bucketed(lengths, size, ladder, **options), holds
    if policy == "grouped":
        window = random.choice([None, int(random.integers(1, 9))])
        return lambda: grouped(lengths, size, window=window, **options), holds
    if policy == "packed":
        lengths = holds["lengths"] = np.maximum(lengths, 1)
        options["tail"] = holds["tail"] = tail if tail in ("drop", "pad") else "keep"
        capacity = int(lengths.max() + random.integers(0, 50))
        holds["budget"] = capacity
        return lambda: packed(lengths, capacity, min(size, 500), **options), holds
    budget = area * int(random.integers(1, 9)) + int(random.integers(0, 9))
    holds |= {"budget": budget, "size": None}
    if policy == "ladder":
        return lambda: token_budget(lengths, budget, boundaries=ladder, **options), holds
    holds["tail"] = options["tail"] = "keep"
    return lambda: token_budget(lengths, budget, **options), holds


def check_rows(seen, tail, never):
    """Each row once; but for some that are dropped, or seen again by way of filling."""
    if tail == "drop":
        assert seen.max() == 1
    elif tail == "wrap":
        assert seen.min() >= 1
    else:
        assert (seen == 1).all()
    assert np.array_equal(never, np.flatnonzero(seen == 0))


def check_plan(plan, n, lengths, tail, size, budget):
    sizes, starts = plan.sizes, plan.bounds[:-1]
    assert plan.bounds[0] == 0
    assert plan.bounds[-1] == len(plan.rows) == len(plan.real)
    assert sizes.min() >= 1
    assert size is None or sizes.max() <= size
    check_rows(np.bincount(plan.rows[plan.real], minlength=n), tail, plan.never_seen)
    assert plan.real[starts].all()
    assert tail in ("pad", "even") or plan.real.all()
    filled = np.flatnonzero(~plan.real)
    assert np.array_equal(plan.rows[filled], np.repeat(plan.rows[starts], sizes)[filled])
    i = len(plan) // 2
    assert np.array_equal(plan.weights(i), plan.real[plan.bounds[i] : plan.bounds[i + 1]])
    if plan.padded_lengths is not None:
        held = np.maximum.reduceat(lengths[plan.rows], starts)
        assert (held <= plan.padded_lengths).all()
        assert plan.boundaries is not None or np.array_equal(held, plan.padded_lengths)
        areas = plan.padded_lengths.reshape(len(plan), -1).prod(axis=1)
        assert budget is None or (areas * sizes).max() <= budget


def check_packed(plan, n, lengths, tail, budget, **_):
    check_rows(np.bincount(plan.rows, minlength=n), tail, plan.never_seen)
    ends = np.concatenate([[0], np.cumsum(lengths[plan.rows])])
    assert np.diff(ends[plan.bin_bounds]).max() <= budget
    assert plan.sizes.max() <= plan.batch_size
    assert tail == "keep" or set(plan.sizes.tolist()) == {plan.batch_size}


def same(one, other):
    names = ("rows", "bin_bounds") if hasattr(one, "capacity") else ("rows", "bounds", "real")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def check_plans(seed, count):
    random, made = np.random.default_rng(seed), 0
    for _ in range(count):
        make, holds = drawn_plan(random)
        try:
            first = make()
        except ValueError as error:
            if str(error).startswith("tail: 'drop' leaves no batch") and holds["tail"] == "drop":
                continue
            raise
        made += 1
        k = int(random.integers(1, 5))
        for plan in (first, first.epoch(k)):
            (check_packed if hasattr(plan, "capacity") else check_plan)(plan, **holds)
        assert same(make().epoch(k), first.epoch(k))
        assert same(first.epoch(k).epoch(0), first)
    return made


@pytest.mark.slow
def test_plans_of_chance_show_their_rows():
    assert check_plans(0, PLANS) > 0.8 * PLANS
