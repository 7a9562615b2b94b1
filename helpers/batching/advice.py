"""Advice: which plan suits these lengths and this model."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.arguments import boolean, choice, integer, seed
from helpers.batching.checks import COSTS, MOST, one_axis
from helpers.batching.ladders import histogram, ladder, quantile_ladder
from helpers.batching.plan import Plan, total
from helpers.batching.policies import bucketed, fixed, grouped, token_budget

_SHAPES = 16  # with jit: each shape is compiled once
_NEAR = 1.1  # times the cheapest: what fewer shapes are worth
_ATTENTION = {"Attention", "MultiHeadAttention", "GroupedQueryAttention"}


@dataclass(frozen=True)
class Option:
    """One of the plans that were compared.

    Attributes:
        name: What the plan does, in a few words.
        code: The call that makes it, with ``lengths`` as a name.
        over: Its cost over that of the same rows in full batches without any padding.
        shapes: The distinct shapes of its batches in epoch 0.
    """

    name: str
    code: str
    over: float
    shapes: int


@dataclass(frozen=True)
class Advice:
    """The plan to take, and what it was compared with. ``str`` gives the line.

    Attributes:
        plan: The plan of epoch 0.
        name: What the plan does, in a few words.
        line: The call that makes the plan, with ``lengths`` as a name, and in a comment why.
        table: All plans that were compared.
    """

    plan: Plan
    name: str
    line: str
    table: tuple[Option, ...]

    def __str__(self) -> str:
        return self.line


def recommend(
    lengths: Sequence[int] | np.ndarray,
    model_or_cost: Any = "linear",
    *,
    batch_size: int = 32,
    jit: bool | None = None,
    shuffle: int | None = 0,
    most_cells: int | None = None,
    quantiles: bool = False,
) -> Advice:
    """Compare plans for these lengths and say in one line which one to take, and why.

    Compared are: one length for all, rows as they come, `grouped`, a `ladder` of 4, 8, 16 or 32
    buckets, and a `token_budget` of ``batch_size`` rows of mean length. Of the plans that cost at
    most 10 % more than the cheapest, the one with the fewest shapes is taken; with ``jit``, of
    those with at most 16 shapes, since XLA compiles each. How buckets end, what a limit of cells
    changes and what a model costs is on the page :doc:`Plans </book/plans>`.

    Args:
        lengths: Length of each row, ``n`` integers from 0.
        model_or_cost: ``"steps"``, ``"linear"`` or ``"quadratic"``; or a Keras model.
        batch_size: Rows in a batch, at least 1.
        jit: Whether the model is compiled by XLA. None takes the model's ``jit_compile`` (call
            `compile` first), and False where there is no model.
        shuffle: The seed of the plan (an integer from 0), or None to predict.
        most_cells: None, or the cells that a batch may hold in any epoch, rows times padded
            length: a plan that would hold more gets smaller batches.
        quantiles: Whether `quantile_ladder` of 4, 8, 16 and 32 buckets is compared, too.

    Returns:
        The plan, its name, the line and the table.

    Raises:
        TypeError: An argument is not of the type above.
        ValueError: What the policies refuse: no rows, a negative length, heights and widths, a
            number out of range; an unknown cost; or a row longer than ``most_cells``.

    Example:
        >>> advice = recommend([3] * 64 + [50] * 32)
        >>> advice.name, advice.plan.shapes
        ('2 buckets', ((32, 3), (32, 50)))
        >>> print(advice.line.split("  #")[0])
        bucketed(lengths, 32, ladder(lengths, 4), tail='even', shuffle=0)
        >>> recommend([3] * 64 + [50] * 32, most_cells=800).plan.shapes
        ((16, 50), (32, 3))
    """
    lengths = one_axis(lengths, "; for heights and widths there is helpers.images.bucket_sizes")
    batch_size = integer("batch_size", batch_size, minimum=1, maximum=MOST)
    shuffle = seed(shuffle)
    most_cells = _limit(most_cells, lengths)
    boolean("quantiles", quantiles)
    kind, jit = _kind(model_or_cost), _jit(model_or_cost, jit)
    values, counts = histogram(np.maximum(lengths, 1))
    ideal = total(values, counts, 2 if kind == "quadratic" else 1)
    rows = batch_size if kind == "steps" else 1  # a step is one of all rows of a batch
    plans, table = [], []
    for name, code, plan in _candidates(lengths, kind, batch_size, shuffle, most_cells, quantiles):
        plans.append(plan)
        table.append(Option(name, code, plan.cost(kind) * rows / ideal, len(plan.shapes)))
    allowed = [i for i, option in enumerate(table) if not jit or option.shapes <= _SHAPES]
    cheapest = min(table[i].over for i in allowed)
    near = [i for i in allowed if table[i].over <= _NEAR * cheapest]
    best = min(near, key=lambda i: (table[i].shapes, table[i].over))
    return Advice(plans[best], table[best].name, _line(table, best, kind, jit), tuple(table))


def _limit(most_cells: int | None, lengths: np.ndarray) -> int | None:
    """Check the limit of cells, which must hold the longest row."""
    if most_cells is None:
        return None
    most_cells = integer("most_cells", most_cells, minimum=1, maximum=2**63 - 1)
    row = int(np.argmax(lengths))
    if lengths[row] > most_cells:
        raise ValueError(
            f"most_cells: expected at least {lengths[row]}, the length of row {row}, got "
            f"{most_cells}"
        )
    return most_cells


def _candidates(
    lengths: np.ndarray,
    kind: str,
    batch_size: int,
    shuffle: int | None,
    most_cells: int | None,
    quantiles: bool,
) -> Iterator[tuple[str, str, Plan]]:
    """Name, code and plan of each candidate; of ladders with no boundary more only the first."""
    end = f"shuffle={shuffle})"
    longest = max(1, int(lengths.max()))
    # More rows cost little where a batch costs its steps: the fewest batches, all of one size.
    tail, limits, limit = "pad" if kind == "steps" else "even", end, None
    size = batch_size  # of batches that any row may come into
    if most_cells is not None and batch_size * longest > most_cells:
        limits, limit, size = f"most_cells={most_cells}, {end}", most_cells, most_cells // longest

    def buckets(name: str, code: str, boundaries: np.ndarray) -> tuple[str, str, Plan]:
        made = f"bucketed(lengths, {batch_size}, {code}, tail={tail!r}, {limits}"
        plan = bucketed(
            lengths, batch_size, boundaries, tail=tail, most_cells=limit, shuffle=shuffle
        )
        return name, made, plan

    cost = "quadratic" if kind == "quadratic" else "linear"
    more = ", cost='quadratic'" if cost == "quadratic" else ""
    before = 0
    for k in (1, 4, 8, 16, 32):
        boundaries = ladder(lengths, k, cost=cost)
        if len(boundaries) == before:
            continue
        before = len(boundaries)
        name = f"{before} buckets" if before > 1 else "one length for all"
        yield buckets(name, f"ladder(lengths, {k}{more})", boundaries)
    before = 1
    for k in (4, 8, 16, 32) if quantiles else ():
        boundaries = quantile_ladder(lengths, k)
        if len(boundaries) <= before:
            continue
        before = len(boundaries)
        yield buckets(f"{before} quantile buckets", f"quantile_ladder(lengths, {k})", boundaries)
    yield (
        "rows as they come",
        f"fixed(len(lengths), {size}, lengths=lengths, {end}",
        fixed(len(lengths), size, lengths=lengths, shuffle=shuffle),
    )
    yield (
        "grouped by length",
        f"grouped(lengths, {size}, {end}",
        grouped(lengths, size, shuffle=shuffle),
    )
    mean = total(lengths, np.ones_like(lengths)) / len(lengths)
    budget = max(longest, round(batch_size * mean))
    budget = min(budget, most_cells or 2**63 - 1)
    yield (
        "a budget of cells",
        f"token_budget(lengths, {budget}, {end}",
        token_budget(lengths, budget, shuffle=shuffle),
    )


def _line(table: list[Option], best: int, kind: str, jit: bool) -> str:
    def said(option: Option) -> str:
        return f"{option.over:.2f} times, {option.shapes} shape{'s' * (option.shapes != 1)}"

    option, one = table[best], table[0]
    least = min(table, key=lambda option: option.over)
    line = f"{option.code}  # {option.name}: {kind} cost over that without padding {said(option)}"
    if jit:
        line += f" (jit: at most {_SHAPES})"
    if one is not option:
        line += f"; {one.name}: {said(one)}"
    if least.over < option.over:
        line += f"; {least.name}: {said(least)}"
    return line


def _kind(model_or_cost: Any) -> str:
    """The kind of cost that was named, or that of the model."""
    if isinstance(model_or_cost, str):
        choice("model_or_cost", model_or_cost, COSTS)
        return model_or_cost
    keras = sys.modules.get("keras")  # this package imports no framework; a model comes with it
    if keras is None or not isinstance(model_or_cost, keras.Layer):
        raise TypeError(
            f"model_or_cost: expected a Keras model or one of {', '.join(map(repr, COSTS))}, got "
            f"{type(model_or_cost).__name__}"
        )
    from helpers.keras_private import layers_of

    names = {base.__name__ for layer in layers_of(model_or_cost) for base in type(layer).__mro__}
    return "quadratic" if names & _ATTENTION else "steps" if "RNN" in names else "linear"


def _jit(model_or_cost: Any, jit: bool | None) -> bool:
    if jit is None:
        return bool(getattr(model_or_cost, "jit_compile", False))
    if not isinstance(jit, bool):
        raise TypeError(f"jit: expected True, False or None, got {type(jit).__name__}")
    return jit
